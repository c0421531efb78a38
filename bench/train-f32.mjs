/**
 * node bench/train-f32.mjs: the f32 kernels of training, alone: GMAC/s of convolutions as shares of the register peak, GB/s of the rest.
 *
 *   node bench/train-f32.mjs --module FILE.wasm   another module than pkg/train-simd128.wasm
 *   node bench/train-f32.mjs --only conv          kernels whose name has this in it
 *   node bench/train-f32.mjs --rounds 300         the best of so many rounds (a busy machine needs more)
 *
 * The register loop is a yardstick, no bound: the best kernels were measured at up to 113 % of it in Node 24.
 * Results are not verified here: tests do that (crates/training, tests/training).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KERNELS, writeParams } from '../dist/wasm/params.js';
import { exitOnHelp } from '../scripts/process.mjs';
import { measurePeak } from './peak.mjs';

exitOnHelp(import.meta.url);
const options = parseArgs({
  options: {
    module: { type: 'string', default: fileURLToPath(new URL('../pkg/train-simd128.wasm', import.meta.url)) },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '100' },
  },
}).values;

const imports = { './dyadic_bg.js': { __wbindgen_init_externref_table() {} } };
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(options.module)), imports);

/** Address of `count` f32 in [−1, 1), or what `value` gives. */
function floats(count, value = (i) => ((i * 7919) % 2048) / 1024 - 1) {
  const address = exports.reserve(count * 4 + 64);
  if (address === 0) throw new Error('out of memory');
  const view = new Float32Array(exports.memory.buffer, address, count);
  for (let i = 0; i < count; i++) view[i] = value(i);
  return address;
}

function words(list) {
  const address = exports.reserve(list.length * 4 + 64);
  new Int32Array(exports.memory.buffer, address, list.length).set(list);
  return address;
}

/** A step that runs one kernel. */
function step(kernel, params) {
  const list = new Int32Array(KERNELS[kernel].fields.length);
  writeParams(list, kernel, params);
  const table = words([KERNELS[kernel].id, words(list)]);
  const bytes = exports.scratch_bytes(table, 0, 1);
  const scratch = bytes > 0 ? exports.reserve(bytes) : 0;
  return () => {
    if (bytes >= 0 && exports.run_float(table, 0, 1, scratch, Math.max(bytes, 0)) === 0) return;
    throw new Error(`${kernel}: refused, [step, kernel, field, reason] = ${new Int32Array(exports.memory.buffer, exports.error_address(), 4)}`);
  };
}

/** Milliseconds of one run: the best round. */
function time(run) {
  run();
  let repetitions = 1;
  let best = Infinity;
  for (let round = 0; round < Number(options.rounds); round++) {
    const start = performance.now();
    for (let i = 0; i < repetitions; i++) run();
    const each = (performance.now() - start) / repetitions;
    best = Math.min(best, each);
    // Short rounds: the best of many is one that nothing else interrupted.
    repetitions = Math.max(1, Math.floor(2 / each));
  }
  return best;
}

/** Forward, dX and dW of a square convolution. */
function convolutions({ batch, size, inC, outC, kernel = 3, stride = 1, groups = 1 }) {
  const pad = (kernel - 1) / 2;
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const shape = { batch, inH: size, inW: size, inC, outH: out, outW: out, outC, kernelH: kernel, kernelW: kernel, strideH: stride, strideW: stride, padTop: pad, padLeft: pad, dilationH: 1, dilationW: 1, groups };
  const input = floats(batch * size * size * inC);
  const output = floats(batch * out * out * outC);
  const weights = floats((outC * inC * kernel * kernel) / groups);
  const packed = floats((Math.max(inC, 8) * Math.max(outC, 8) + 8 * Math.max(inC, outC)) * kernel * kernel);
  const macs = (batch * out * out * outC * inC * kernel * kernel) / groups;
  const pack = (isTransposed) => step('pack_conv_f32', { weightsOffset: weights, packedWeightsOffset: packed, inC, outC, kernelH: kernel, kernelW: kernel, groups, isTransposed });
  const backward = { ...shape, inH: out, inW: out, inC: outC, outH: size, outW: size, outC: inC, strideH: 1, strideW: 1, padTop: kernel - 1 - pad, padLeft: kernel - 1 - pad, inputDilationH: stride, inputDilationW: stride };
  const forward = { ...shape, inputDilationH: 1, inputDilationW: 1 };
  const conv = (params, inputOffset, outputOffset) => step('conv_f32_nhwc', { ...params, inputOffset, packedWeightsOffset: packed, biasOffset: 0, outputOffset });
  const name = `conv ${batch}×${size}²×${inC}→${outC} ${kernel}×${kernel}${stride > 1 ? ` /${stride}` : ''}${groups > 1 ? ` groups ${groups}` : ''}`;
  return [
    { name: `${name} forward`, macs, prepare: pack(0), run: conv(forward, input, output) },
    { name: `${name} dX`, macs, prepare: pack(1), run: conv(backward, output, input) },
    { name: `${name} dW`, macs, prepare() {}, run: step('conv_weight_gradient_f32', { ...shape, inputOffset: input, gradientOffset: output, outputOffset: weights }) },
  ];
}

function bitsOf(value) {
  return new Int32Array(new Float32Array([value]).buffer)[0];
}

/** Kernels that move more than they compute; bytes: all that is read and written once. */
function elementwise(rows, channels) {
  const count = rows * channels;
  const bytes = count * 4;
  const [a, b, c, d] = [0, 1, 2, 3].map(() => floats(count));
  const per = () => floats(2 * channels, () => 0.5);
  const [statistics, running, gamma, beta, sums, scale] = [per(), per(), per(), per(), per(), floats(8, () => 0.01)];
  const rowsOf = { inContainer: 4, inStride: channels, rows, channels };
  const relu = { loBits: 0, hiBits: bitsOf(Infinity) };
  const scales = { scaleAOffset: scale, scaleBOffset: scale };
  const half = Math.sqrt(rows / 32) | 0;
  const pool = { batch: 32, inH: half, inW: half, channels, outH: half >> 1, outW: half >> 1, kernelH: 2, kernelW: 2, strideH: 2, strideW: 2, padTop: 0, padLeft: 0 };
  const poolBytes = 32 * half * half * channels * 4;
  const list = [
    ['batch_norm_statistics', bytes, { inputOffset: a, ...scales, statisticsOffset: statistics, runningOffset: running, ...rowsOf, momentumBits: bitsOf(0.1), epsilonBits: bitsOf(1e-5) }],
    ['batch_norm_apply', 2 * bytes, { inputOffset: a, ...scales, statisticsOffset: statistics, gammaOffset: gamma, betaOffset: beta, residualOffset: 0, outputOffset: b, ...rowsOf, ...relu }],
    ['batch_norm_backward_reduce', 3 * bytes, { gradientOffset: a, outputOffset: b, inputOffset: c, ...scales, statisticsOffset: statistics, sumsOffset: sums, ...rowsOf, ...relu }],
    ['batch_norm_backward_apply', 4 * bytes, { gradientOffset: a, outputOffset: b, inputOffset: c, ...scales, statisticsOffset: statistics, gammaOffset: gamma, sumsOffset: sums, inputGradientOffset: d, residualGradientOffset: 0, maximumOffset: scale + 16, ...rowsOf, ...relu }],
    ['dequantize_sums', 2 * bytes, { inputOffset: a, ...scales, biasOffset: 0, outputOffset: b, rows, channels, inStride: channels }],
    ['sum_rows', bytes, { inputOffset: a, outputOffset: gamma, rows, channels }],
    ['clamp_backward', 3 * bytes, { gradientOffset: a, outputOffset: b, inputGradientOffset: c, count, ...relu }],
    ['add_elements', 3 * bytes, { aOffset: a, bOffset: b, outputOffset: c, count, ...relu }],
    ['count_non_finite', bytes, { inputOffset: a, outputOffset: scale + 16, count }],
    ['sgd', 5 * bytes, { gradientOffset: a, hyperOffset: scale, scaleOffset: 0, parameterOffset: b, velocityOffset: c, count }],
    ['adam', 7 * bytes, { gradientOffset: a, hyperOffset: scale, scaleOffset: 0, parameterOffset: b, firstMomentOffset: c, secondMomentOffset: d, count }],
    ['max_pool_nhwc', 1.5 * poolBytes, { inputOffset: a, outputOffset: b, indicesOffset: c, ...pool }],
    ['max_pool_backward', 1.5 * poolBytes, { gradientOffset: b, indicesOffset: c, inputGradientOffset: d, ...pool }],
    ['average_pool_nhwc', 1.25 * poolBytes, { inputOffset: a, outputOffset: b, ...pool, countIncludePad: 1 }],
    ['average_pool_backward', 1.25 * poolBytes, { gradientOffset: b, inputGradientOffset: a, ...pool, countIncludePad: 1 }],
    ['softmax_cross_entropy', 2 * bytes, { logitsOffset: a, labelsOffset: floats(rows, () => 0), gradientOffset: b, resultOffset: scale + 16, rows, classes: channels, smoothingBits: 0 }],
  ];
  return list.map(([kernel, moved, params]) => ({ name: `${kernel} ${rows}×${channels}`, bytes: moved, prepare() {}, run: step(kernel, params) }));
}

const SHAPES = [
  { batch: 8, size: 32, inC: 3, outC: 16 },
  { batch: 8, size: 32, inC: 16, outC: 16 },
  { batch: 8, size: 32, inC: 16, outC: 32, stride: 2 },
  { batch: 8, size: 16, inC: 32, outC: 32 },
  { batch: 16, size: 8, inC: 64, outC: 64 },
  { batch: 1, size: 28, inC: 64, outC: 64 },
  { batch: 16, size: 16, inC: 64, outC: 64, kernel: 1 },
  { batch: 16, size: 16, inC: 64, outC: 64, groups: 64 },
  { batch: 1024, size: 1, inC: 256, outC: 100, kernel: 1 },
];

const wanted = (job) => job.name.includes(options.only);
const jobs = [() => SHAPES.flatMap(convolutions), () => elementwise(32 * 32 * 32, 16), () => elementwise(32 * 8 * 8, 64), () => elementwise(128 * 32 * 32, 16)];
const peak = measurePeak('f32_mul_add');
console.log(`f32 mul + add in registers: ${peak.toFixed(1)} GMAC/s`);
for (const job of jobs.flatMap((make) => make()).filter(wanted)) {
  job.prepare();
  const milliseconds = time(job.run);
  const speed = job.macs ? `${(job.macs / milliseconds / 1e6).toFixed(2)} GMAC/s, ${((job.macs / milliseconds / 1e6 / peak) * 100).toFixed(0)} % of the peak` : `${(job.bytes / milliseconds / 1e6).toFixed(1)} GB/s`;
  console.log(`${job.name.padEnd(48)} ${milliseconds.toFixed(3).padStart(9)} ms  ${speed}`);
}
