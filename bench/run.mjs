/**
 * npm run bench: verifies each kernel against a plain loop, then times it with Benchmark.js.
 *
 *   npm run bench                                   the 512³ product and ResNet's four 3×3 convolutions, W8A8
 *   npm run bench -- --type all                     the same in every operand type
 *   npm run bench -- --shape 64x56x56 --type w4a4   one 3×3 convolution: channels × height × width
 *   npm run bench -- --kernel gemm --shape 512x512x512
 *   npm run bench -- --flavour scalar
 *   npm run bench -- --node 24                      in another Node, from npm's `node` package
 *   npm run bench -- --json                         {"rows":[…]} on stdout, nothing else
 */
import Benchmark from 'benchmark';
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { root, tool } from '../tests/hosts/context.mjs';
import { makeLayer, place, verify } from './layer.mjs';
import { measurePeak } from './peak.mjs';
import { DEFAULTS, geometry, macs, parseShape, title, TYPES } from './workloads.mjs';

const options = readOptions();
if (options.node !== undefined && Number(options.node) !== Number(process.versions.node.split('.')[0])) runInNode(options.node);
else await runHere();

function readOptions() {
  try {
    return parseArgs({
      options: {
        shape: { type: 'string' },
        type: { type: 'string', default: 'w8a8' },
        kernel: { type: 'string' },
        flavour: { type: 'string', default: 'auto' },
        node: { type: 'string' },
        json: { type: 'boolean', default: false },
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

function runInNode(major) {
  const cache = join(root, 'tests/.cache/hosts');
  const context = { tools: join(cache, major === '24' ? 'tools' : `node${major}`), log: (text) => process.stderr.write(`${text}\n`) };
  const binary = join(tool(context, 'node', major), 'bin/node');
  const args = process.argv.slice(1).filter((argument, i, all) => argument !== '--node' && all[i - 1] !== '--node' && !argument.startsWith('--node='));
  execFileSync(binary, args, { stdio: 'inherit' });
}

function workloads() {
  if (options.type !== 'all' && !(options.type in TYPES)) usage(`--type is all or one of ${Object.keys(TYPES).join(', ')}, not "${options.type}"`);
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
  const wanted = workloads();
  build();
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
  const placed = place(engine, layer);
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
  return { id, instruction: placed.instruction, value, unit: 'GMAC/s', peak, share: value / peak, milliseconds: fastest * 1e3, meanMilliseconds: bench.stats.mean * 1e3, margin: bench.stats.rme, verified: true };
}

function print({ id, instruction, value, share, milliseconds, meanMilliseconds, margin }) {
  const numbers = [`${value.toFixed(1)} GMAC/s`.padStart(13), `${(share * 100).toFixed(0)} % of ${instruction}`.padStart(19), `${milliseconds.toFixed(3)} ms`.padStart(12)];
  const mean = `mean ${meanMilliseconds.toFixed(3)} ms ±${margin.toFixed(0)} %`;
  console.log(`${id.padEnd(28)}${numbers.join('')}   ${mean}   verified`);
}
