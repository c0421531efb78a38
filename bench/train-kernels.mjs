/**
 * node bench/train-kernels.mjs: GMAC/s of the three integer convolutions of a training step (forward, gradient of the input, gradient of the weights) for the 3×3 layers
 * of ResNet-20 at batch 128 and a wide one, and their ratio to the register peak of the relaxed dot product, measured in between.
 *
 *   node bench/train-kernels.mjs                  every kernel, every shape
 *   node bench/train-kernels.mjs --batch 8
 *   node bench/train-kernels.mjs --kernel dW      only rows whose name contains this
 *   node bench/train-kernels.mjs --json           {"peak":…,"rows":[…]} on stdout, nothing else
 *
 * The best of many short runs counts, so that a busy machine changes little. tests/kernels holds the kernels to the reference; this file only times.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { exitOnHelp } from '../scripts/process.mjs';
import { measurePeak } from './peak.mjs';

exitOnHelp(import.meta.url);
const { values: options } = parseArgs({ options: { batch: { type: 'string', default: '128' }, kernel: { type: 'string', default: '' }, json: { type: 'boolean', default: false } } });
const batch = Number(options.batch);
if (!Number.isInteger(batch) || batch < 1) {
  process.stderr.write(`train-kernels: --batch is a whole number from 1, not "${options.batch}"\n`);
  process.exit(2);
}
build();
const { KERNELS, Container, Dot, Form } = await import('../dist/wasm/params.js');

/** [size of the picture, input channels, output channels] */
const SHAPES = [[32, 16, 16], [16, 32, 32], [8, 64, 64], [16, 128, 128]];
const MILLISECONDS = 600;

const module = new WebAssembly.Module(readFileSync(new URL('../pkg/train-relaxed.wasm', import.meta.url)));
const imports = Object.fromEntries(WebAssembly.Module.imports(module).map(({ module: from }) => [from, {}]));
for (const { module: from, name } of WebAssembly.Module.imports(module)) imports[from][name] = () => {};
const { exports: wasm } = new WebAssembly.Instance(module, imports);

function reserve(bytes) {
  const address = wasm.reserve(bytes + 64);
  if (address === 0) throw new Error(`no memory for ${bytes} bytes`);
  return address;
}

/** Codes in [lo, hi] that look random. */
function codes(count, lo, hi) {
  const address = reserve(count);
  const bytes = new Int8Array(wasm.memory.buffer, address, count);
  let state = 12345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = lo + ((state >>> 8) % (hi - lo + 1));
  }
  return address;
}

/** A function that runs one kernel. */
function step(kernel, fields) {
  const { id, fields: names } = KERNELS[kernel];
  const table = reserve(8 + 4 * names.length);
  const words = () => new Int32Array(wasm.memory.buffer, table, 2 + names.length);
  words().set([id, table + 8, ...names.map((name) => fields[name] ?? 0)]);
  const bytes = wasm.scratch_bytes(table, 0, 1);
  const refuse = () => {
    const [, , field, reason] = new Int32Array(wasm.memory.buffer, wasm.error_address(), 4);
    throw new Error(`${kernel} refuses ${names[field]}, reason ${reason}`);
  };
  if (bytes < 0) refuse();
  const scratch = reserve(bytes);
  return () => {
    if (wasm.run_float(table, 0, 1, scratch, bytes) !== 0) refuse();
  };
}

/** Best milliseconds of one run. */
function best(run) {
  let least = Infinity;
  const end = performance.now() + MILLISECONDS;
  for (let repetition = 0; repetition < 5 || performance.now() < end; repetition++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function kernels([size, inC, outC]) {
  const pixels = batch * size * size;
  const [x, g] = [codes(pixels * inC, 0, 15), codes(pixels * outC, -7, 7)];
  const weights = codes(inC * outC * 9, -7, 7);
  const sums = reserve(4 * Math.max(pixels * Math.max(inC, outC), 9 * inC * outC));
  const window = { kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, padTop: 1, padLeft: 1, dilationH: 1, dilationW: 1, groups: 1 };
  const image = { batch, inH: size, inW: size, outH: size, outW: size };
  const convolution = (name, input, inContainer, [from, to], pack, conv, bytes) => {
    const [packedWeights, packedBias, packedMultipliers] = [reserve(bytes), reserve(4 * to + 32), reserve(4 * to + 32)];
    step(pack, { weightsOffset: weights, inC: from, outC: to, kernelH: 3, kernelW: 3, packedWeightsOffset: packedWeights, packedBiasOffset: packedBias, packedMultiplierOffset: packedMultipliers, inContainer, dot: inContainer === Container.i8 ? Dot.w4 : Dot.i7 })();
    const fields = { inputOffset: input, weightsOffset: packedWeights, biasOffset: packedBias, outputOffset: sums, inContainer, inC: from, inStride: from, outContainer: Container.i32, outC: to, outStride: to, form: Form.raw, dot: inContainer === Container.i8 ? Dot.w4 : Dot.i7 };
    return [name, step(conv, { ...fields, ...image, ...window })];
  };
  const gradient = (name, kernel, more = {}) => [
    name,
    step(kernel, { inputOffset: x, gradientOffset: g, outputOffset: sums, slabs: 1, inContainer: Container.u8, inC, inStride: inC, outC, outStride: outC, dot: Dot.i7, ...image, ...window, ...more }),
  ];
  const winograd = (from, to) => wasm.packed_winograd_f23_bytes(from, to);
  const relaxed = (from, to) => wasm.packed_conv2d_relaxed_bytes(from, to, 3, 3);
  return [
    convolution('forward F(2,3)', x, Container.u8, [inC, outC], 'pack_winograd_f23', 'winograd_f23', winograd(inC, outC)),
    convolution('dX F(2,3)', g, Container.i8, [outC, inC], 'pack_winograd_f23', 'winograd_f23', winograd(outC, inC)),
    convolution('forward direct', x, Container.u8, [inC, outC], 'pack_conv2d_relaxed', 'conv2d_relaxed', relaxed(inC, outC)),
    convolution('dX direct', g, Container.i8, [outC, inC], 'pack_conv2d_relaxed', 'conv2d_relaxed', relaxed(outC, inC)),
    gradient('dW F(3×3, 2×2)', 'winograd_weight_gradient'),
    gradient('dW direct', 'conv_weight_gradient_relaxed'),
    gradient('dW direct, i16', 'conv_weight_gradient'),
  ];
}

let peak = measurePeak('relaxed_dot');
const rows = [];
for (const [size, inC, outC] of SHAPES) {
  for (const [name, run] of kernels([size, inC, outC])) {
    if (!name.includes(options.kernel)) continue;
    const milliseconds = best(run);
    peak = Math.max(peak, measurePeak('relaxed_dot'));
    rows.push({ kernel: name, shape: `${batch}×${size}×${size}, ${inC} → ${outC}`, milliseconds, gmacs: (batch * size * size * inC * outC * 9) / milliseconds / 1e6 });
  }
}
if (options.json) process.stdout.write(`${JSON.stringify({ peak, rows })}\n`);
else {
  process.stdout.write(`Node ${process.versions.node}, relaxed dot in registers: ${peak.toFixed(0)} GMAC/s\n`);
  for (const { kernel, shape, milliseconds, gmacs } of rows) {
    process.stdout.write(`${kernel.padEnd(16)} ${shape.padEnd(26)} ${milliseconds.toFixed(3).padStart(8)} ms ${gmacs.toFixed(0).padStart(5)} GMAC/s ${(gmacs / peak).toFixed(2).padStart(5)} × peak\n`);
  }
}
