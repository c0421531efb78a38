/**
 * npm run bench: verifies each kernel against a plain loop, then times it with Benchmark.js.
 *
 *   npm run bench                                   the 512³ product and ResNet's four 3×3 convolutions, W8A8
 *   npm run bench -- --type all                     the same in every operand type
 *   npm run bench -- --shape 64x56x56 --type w4a4   one 3×3 convolution: channels × height × width
 *   npm run bench -- --kernel gemm --shape 512x512x512
 *   npm run bench -- --flavour scalar
 *   npm run bench -- --memory fast                  by Winograd F(4,3) where a Program that may take the memory would
 *   npm run bench -- --node 24                      in another Node, from npm's `node` package
 *   npm run bench -- --json                         {"rows":[…]} on stdout, nothing else
 *   npm run bench -- --only train                   training steps against PyTorch and TensorFlow.js: see bench/train.mjs
 */
import Benchmark from 'benchmark';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { exitOnHelp } from '../scripts/process.mjs';
import { algorithmOf, makeLayer, place, verify } from './layer.mjs';
import { isOtherNode, runInNode } from './other-node.mjs';
import { measurePeak } from './peak.mjs';
import { DEFAULTS, geometry, macs, parseShape, title, TYPES } from './workloads.mjs';

exitOnHelp(import.meta.url);
const options = readOptions();
if (isOtherNode(options.node)) runInNode(options.node);
else await runHere();

function readOptions() {
  try {
    return parseArgs({
      options: {
        shape: { type: 'string' },
        type: { type: 'string', default: 'w8a8' },
        kernel: { type: 'string' },
        flavour: { type: 'string', default: 'auto' },
        memory: { type: 'string', default: 'balanced' },
        node: { type: 'string' },
        json: { type: 'boolean', default: false },
        only: { type: 'string', default: 'kernels' },
        rounds: { type: 'string', default: '3' },
        steps: { type: 'string', default: '8' },
      },
    }).values;
  } catch (error) {
    return usage(error.message);
  }
}

function usage(message) {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

function workloads() {
  if (options.type !== 'all' && !(options.type in TYPES)) usage(`--type is all or one of ${Object.keys(TYPES).join(', ')}, not "${options.type}"`);
  if (!['balanced', 'fast'].includes(options.memory)) usage(`--memory is balanced or fast, not "${options.memory}"`);
  if (options.kernel !== undefined && !['gemm', 'conv3x3'].includes(options.kernel)) usage(`--kernel is gemm or conv3x3, not "${options.kernel}"`);
  const types = options.type === 'all' ? Object.keys(TYPES) : [options.type];
  return jobs().flatMap((job) => types.map((type) => ({ ...job, type })));
}

function jobs() {
  if (options.shape === undefined) return DEFAULTS.filter(({ kernel }) => kernel === (options.kernel ?? kernel));
  const shape = parseShape(options.shape);
  if (shape === null) usage(`--shape is three sizes such as 64x56x56, not "${options.shape}"`);
  return [{ kernel: options.kernel ?? 'conv3x3', shape }];
}

async function runHere() {
  if (!['kernels', 'train'].includes(options.only)) usage(`--only is kernels or train, not "${options.only}"`);
  const wanted = workloads();
  build();
  if (options.only === 'train') return (await import('./train.mjs')).benchTraining(options);
  await import('../dist/entry/node.js');
  const { createEngine } = await import('../dist/wasm/create-engine.js');
  const engine = await createEngine(undefined, { flavour: options.flavour });
  const host = { host: `node ${process.versions.node}`, engine: `V8 ${process.versions.v8}`, cpu: cpus()[0]?.model.trim() ?? 'unknown', flavour: engine.flavour, lowering: engine.lowering };
  if (!options.json) printHost(host);
  const rows = wanted.map((job) => {
    const row = { ...time(engine, job), ...host };
    if (!options.json) print(row);
    return row;
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
}

function printHost({ host, engine, cpu, flavour, lowering }) {
  const peaks = [`i16 dot ${measurePeak('i16_dot').toFixed(1)}`, ...(lowering === 'none' ? [] : [`relaxed dot ${measurePeak('relaxed_dot').toFixed(1)} (${lowering})`])];
  console.log(`${host}, ${engine}, ${cpu}, flavour ${flavour}\nregister peaks in GMAC/s: ${peaks.join(', ')}\n`);
}

function time(engine, job) {
  const shape = geometry(job);
  const layer = makeLayer(shape, TYPES[job.type]);
  const algorithm = algorithmOf(engine, layer, options.memory);
  const placed = place(engine, layer, algorithm);
  const id = title(job, job.type);
  placed.run();
  verify(placed, layer, id);
  const bench = new Benchmark(id, placed.run, { maxTime: 1, minTime: 0.01, minSamples: 20 });
  bench.run();
  if (bench.error !== undefined) throw bench.error;
  verify(placed, layer, id);
  // The fastest sample, as the peak is the fastest run: on a busy machine means measure the neighbours.
  const fastest = Math.min(...bench.stats.sample);
  const value = macs(shape) / fastest / 1e9;
  const peak = measurePeak(placed.instruction);
  return { id, algorithm, instruction: placed.instruction, value, unit: 'GMAC/s', peak, share: value / peak, milliseconds: fastest * 1e3, meanMilliseconds: bench.stats.mean * 1e3, margin: bench.stats.rme, verified: true };
}

function print({ id, algorithm, instruction, value, share, milliseconds, meanMilliseconds, margin }) {
  const numbers = [`${value.toFixed(1)} GMAC/s`.padStart(13), `${(share * 100).toFixed(0)} % of ${instruction}`.padStart(19), `${milliseconds.toFixed(3)} ms`.padStart(12)];
  const mean = `mean ${meanMilliseconds.toFixed(3)} ms ±${margin.toFixed(0)} %`;
  console.log(`${id.padEnd(28)}${algorithm.padEnd(12)}${numbers.join('')}   ${mean}   verified`);
}
