/**
 * npm run tune: measures every convolution kernel that this engine has over a grid of layers, with weights as cold as in a network, fits the coefficients
 * of ts/session/convolution-cost.ts, and rewrites this engine's part of ts/session/cost-table.ts.
 *
 *   npm run tune -- --node 24                  in another Node
 *   npm run tune -- --flavour simd128          another part of the table
 *   npm run tune -- --dry                      prints, writes nothing
 *
 * Prints every layer with what was measured, what the fit says, and what a wrong choice would cost. Run it on a machine that does nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { exitOnHelp } from '../scripts/process.mjs';
import { makeLayer, place, verify } from './layer.mjs';
import { isOtherNode, runInNode } from './other-node.mjs';
import { fitNonNegative } from './non-negative-fit.mjs';
import { TYPES } from './workloads.mjs';

exitOnHelp(import.meta.url);
const options = readOptions();

/** Weights of all copies together: more than any cache of one core. */
const COLD_BYTES = 64 << 20;
const MOST_COPIES = 256;
const SAMPLES = 9;
const SAMPLE_MS = 12;

function readOptions() {
  try {
    return parseArgs({ options: { flavour: { type: 'string', default: 'auto' }, node: { type: 'string' }, dry: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    process.stderr.write(`tune: ${error.message}\n`);
    return process.exit(2);
  }
}

/** Layers of many shapes: channels in and out, size, window. */
function grid() {
  const layers = [];
  for (const [inC, outC] of [[16, 16], [32, 32], [64, 64], [128, 128], [256, 256], [512, 512], [32, 128], [128, 32]]) {
    for (const size of [4, 7, 14, 28, 56]) if (inC * outC * size * size <= 1 << 26) layers.push({ inC, outC, inH: size, inW: size, window: 3, pad: 1 });
  }
  return layers;
}

/** Which kernels this engine has, with the operands that each is measured on. */
function kinds(engine) {
  const relaxed = engine.lowering !== 'none';
  return [
    { kind: 'direct_i16', type: TYPES.w8a8, algorithm: 'direct', direct: 'direct_i16' },
    ...(engine.flavour === 'simd128' ? [{ kind: 'direct_paired', type: TYPES.w4a4, algorithm: 'direct', direct: 'direct_paired' }] : []),
    ...(relaxed ? [{ kind: 'direct_bytes', type: TYPES.w4a4, algorithm: 'direct', direct: 'direct_bytes' }] : []),
    ...(engine.flavour === 'scalar' ? [] : [{ kind: 'winograd_f23', type: TYPES.w4a4, algorithm: 'winograd_f23' }]),
    { kind: 'winograd_f43', type: { ...TYPES.w8a8, weight: [-7, 7] }, algorithm: 'winograd_f43' },
  ];
}

/** How many runs last long enough for the clock. */
function runsPerSample(run) {
  for (let runs = 1; ; runs *= 2) if (milliseconds(run, runs) >= SAMPLE_MS) return runs;
}

function milliseconds(run, runs) {
  const start = performance.now();
  for (let i = 0; i < runs; i++) run();
  return performance.now() - start;
}

/** Nanoseconds of one run of each: by turns, so that what disturbs one disturbs all; the lower quartile, since neighbours only make it slower. */
function nanoseconds(runs) {
  const timed = Object.entries(runs).map(([kind, run]) => ({ kind, run, count: runsPerSample(run), samples: [] }));
  for (let sample = 0; sample < SAMPLES; sample++) for (const { run, count, samples } of timed) samples.push((milliseconds(run, count) * 1e6) / count);
  return Object.fromEntries(timed.map(({ kind, samples }) => [kind, samples.sort((x, y) => x - y)[SAMPLES >> 2]]));
}

async function tune() {
  build();
  await import('../dist/entry/node.js');
  const { createEngine } = await import('../dist/wasm/create-engine.js');
  const cost = await import('../dist/session/convolution-cost.js');
  const probe = await createEngine(undefined, { flavour: options.flavour });
  const key = cost.costKey(probe.flavour, probe.lowering);
  const on = `${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
  console.log(`${on}: part "${key}"`);
  const measured = [];
  for (const layer of grid()) {
    const geometry = { ...layer, outH: layer.inH, outW: layer.inW, kernel: [3, 3], stride: [1, 1], dilation: [1, 1], groups: 1 };
    const runs = {};
    for (const { kind, type, algorithm, direct } of kinds(probe)) {
      const copies = Math.max(1, Math.min(MOST_COPIES, Math.ceil(COLD_BYTES / cost.workOf(kind, geometry).weights)));
      const engine = await createEngine(undefined, { flavour: options.flavour });
      const made = makeLayer(layer, type);
      const placed = place(engine, made, algorithm, { copies, direct });
      for (let i = 0; i < copies; i++) placed.run();
      verify(placed, made, `${kind} ${layer.inC}→${layer.outC} ${layer.inH}²`);
      runs[kind] = placed.run;
    }
    measured.push({ geometry, times: nanoseconds(runs) });
  }
  const part = Object.fromEntries(kinds(probe).map(({ kind }) => [kind, fit(cost, kind, measured)]));
  report(cost, part, measured);
  if (!options.dry) write(key, part, on);
}

/** Coefficients that make relative errors small. */
function fit({ workOf }, kind, measured) {
  const rows = measured.map(({ geometry, times }) => {
    const { products, input, output, weights } = workOf(kind, geometry);
    return { features: [products, input, output, weights, 1].map((amount) => amount / times[kind]), target: 1 };
  });
  const [products, input, output, weights, fixed] = fitNonNegative(rows).map((value) => Number(value.toPrecision(4)));
  return { products, input, output, weights, fixed };
}

function report({ estimate }, part, measured) {
  let worst = 1;
  for (const { geometry, times } of measured) {
    const names = Object.keys(times);
    const guess = Object.fromEntries(names.map((kind) => [kind, estimate(kind, geometry, part[kind])]));
    const best = (table) => names.reduce((a, b) => (table[a] <= table[b] ? a : b));
    const regret = times[best(guess)] / times[best(times)];
    worst = Math.max(worst, regret);
    const { inC, outC, outH } = geometry;
    const cells = names.map((kind) => `${kind} ${((9 * inC * outC * outH * outH) / times[kind]).toFixed(0)} (${(guess[kind] / times[kind]).toFixed(2)}×)`);
    console.log(`${`${inC}→${outC} ${outH}²`.padEnd(14)} ${cells.join('  ')}  takes ${best(guess)}${regret > 1.02 ? `, ${regret.toFixed(2)}× slower than ${best(times)}` : ''}`);
  }
  console.log(`GMAC/s, and the fit's time by the measured one; the worst choice costs ${worst.toFixed(2)}×`);
}

/** One line per part, so that a rewrite changes the lines of this engine only. */
function write(key, part, on) {
  const path = new URL('../ts/session/cost-table.ts', import.meta.url);
  const text = readFileSync(path, 'utf8');
  const line = `  /* ${on} */ ${key}: ${JSON.stringify(part).replace(/"(\w+)":/g, '$1: ').replace(/,(?=\w)/g, ', ')},`;
  const old = new RegExp(`^ {2}/\\*.*\\*/ ${key}: .*$`, 'm');
  const next = old.test(text) ? text.replace(old, line) : text.replace(/^};$/m, `${line}\n};`);
  if (next === text && !old.test(text)) throw new Error(`${path.pathname} has no place for "${key}"`);
  writeFileSync(path, next);
  console.log(`wrote part "${key}" of ts/session/cost-table.ts`);
}

if (isOtherNode(options.node)) runInNode(options.node);
else await tune();
