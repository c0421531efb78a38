/** Every f32 kernel of training on random shapes: the modules with vectors give the bits of the scalar one, which crates/training compares with the reference. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine } from '../../ts/wasm/create-engine.js';
import type { Engine, Flavour } from '../../ts/wasm/engine.js';
import { KERNELS, type KernelName } from '../../ts/wasm/params.js';
import { FLAVOURS } from '../engine/flavours.js';
import { runWords } from '../engine/run-kernel.js';
import { Random } from '../parity/random.js';

/** What lies at an offset: floats (also where a kernel updates in place), integers, or room for what is written. */
type Contents = { readonly floats: Float32Array } | { readonly ints: Int32Array } | { readonly room: number };

interface Case {
  readonly kernel: KernelName;
  /** Fields that are numbers. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Fields that are addresses; those left out are 0. */
  readonly buffers: Readonly<Record<string, Contents>>;
}

const CASES_PER_KERNEL = 12;

function load(flavour: Flavour): Promise<Engine> {
  return createEngine((name) => new Uint8Array(readFileSync(new URL(`../../pkg/train-${name}.wasm`, import.meta.url))), { flavour });
}

/** All bytes that the case's buffers hold after the kernel ran. */
function run(engine: Engine, { kernel, numbers, buffers }: Case): Uint8Array[] {
  const placed = Object.entries(buffers).map(([field, buffer]) => {
    const length = 'room' in buffer ? buffer.room : 'ints' in buffer ? buffer.ints.length : buffer.floats.length;
    const address = engine.allocate(length * 4 + 4);
    if ('room' in buffer) engine.bytes(address, length * 4).fill(0x5a);
    else if ('ints' in buffer) engine.i32(address, length).set(buffer.ints);
    else engine.f32(address, length).set(buffer.floats);
    return { field, address, length };
  });
  try {
    const values: Record<string, number> = { ...numbers, ...Object.fromEntries(placed.map(({ field, address }) => [field, address])) };
    const words = Int32Array.from(KERNELS[kernel].fields, (field) => values[field] ?? 0);
    runWords(engine, KERNELS[kernel].id, words, true);
    return placed.map(({ address, length }) => engine.bytes(address, length * 4).slice());
  } finally {
    for (const { address } of placed) engine.free(address);
  }
}

function floats(random: Random, length: number, scale = 1): Contents {
  return { floats: Float32Array.from({ length }, () => (random.integer(-1_000_000, 1_000_000) / 1_000_000) * scale) };
}

function positive(random: Random, length: number): Contents {
  return { floats: Float32Array.from({ length }, () => random.integer(1, 1_000_000) / 1_000_000) };
}

function ints(random: Random, length: number, low: number, high: number): Contents {
  return { ints: Int32Array.from({ length }, () => random.integer(low, high)) };
}

function bits(value: number): number {
  return new Int32Array(new Float32Array([value]).buffer)[0] as number;
}

const bounds = (random: Random): Record<string, number> => {
  const [lo, hi] = random.pick([
    [0, Infinity],
    [0, 6],
    [-Infinity, Infinity],
    [-0.3, 0.4],
  ] as const);
  return { loBits: bits(lo), hiBits: bits(hi) };
};

/** Shape of a random convolution; the input is at least as large as a window. */
function convolution(random: Random): Record<string, number> {
  const groups = random.pick([1, 1, 1, 2, 5]);
  const isDepthwise = random.oneIn(4);
  const [inC, outC] = [groups * random.integer(1, 20), groups * random.integer(1, 20)];
  const axis = (): number[] => {
    const [kernel, stride, dilation] = [random.integer(1, 4), random.integer(1, 3), random.integer(1, 2)];
    const pad = random.integer(0, kernel);
    const input = random.integer((kernel - 1) * dilation + 1, 12);
    return [input, kernel, stride, pad, dilation, Math.floor((input + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1];
  };
  const [rows, columns] = [axis(), axis()] as [number[], number[]];
  const names = (suffix: [string, string], values: number[]): Record<string, number> => {
    const [input, kernel, stride, pad, dilation, output] = values as [number, number, number, number, number, number];
    const [letter, side] = suffix;
    return { [`in${letter}`]: input, [`kernel${letter}`]: kernel, [`stride${letter}`]: stride, [`pad${side}`]: pad, [`dilation${letter}`]: dilation, [`out${letter}`]: output };
  };
  const channels = isDepthwise ? { inC, outC: inC, groups: inC } : { inC, outC, groups };
  return { batch: random.integer(1, 3), ...channels, ...names(['H', 'Top'], rows), ...names(['W', 'Left'], columns) };
}

function size(shape: Readonly<Record<string, number>>, ...fields: string[]): number {
  return fields.reduce((total, field) => total * (shape[field] as number), 1);
}

function packed(inC: number, outC: number, window: number, groups: number): number {
  if (inC === groups && outC === groups) return groups * window;
  return groups * Math.ceil(outC / groups / 8) * 8 * window * (inC / groups);
}

function pack(random: Random): Case {
  const shape = convolution(random);
  const isTransposed = random.integer(0, 1);
  const [inC, outC, groups] = ['inC', 'outC', 'groups'].map((field) => shape[field] as number) as [number, number, number];
  const window = size(shape, 'kernelH', 'kernelW');
  const length = isTransposed === 1 ? packed(outC, inC, window, groups) : packed(inC, outC, window, groups);
  return { kernel: 'pack_conv_f32', numbers: { ...shape, isTransposed }, buffers: { weightsOffset: floats(random, (outC * inC * window) / groups), packedWeightsOffset: { room: length } } };
}

function forward(random: Random): Case {
  const shape = convolution(random);
  const [inC, outC, groups] = ['inC', 'outC', 'groups'].map((field) => shape[field] as number) as [number, number, number];
  const dilations = { inputDilationH: random.pick([1, 1, 2, 3]), inputDilationW: random.pick([1, 1, 2, 3]) };
  return {
    kernel: 'conv_f32_nhwc',
    numbers: { ...shape, ...dilations },
    buffers: {
      inputOffset: floats(random, size(shape, 'batch', 'inH', 'inW', 'inC')),
      packedWeightsOffset: floats(random, packed(inC, outC, size(shape, 'kernelH', 'kernelW'), groups)),
      ...(random.oneIn(2) ? { biasOffset: floats(random, outC) } : {}),
      outputOffset: { room: size(shape, 'batch', 'outH', 'outW', 'outC') },
    },
  };
}

function weightGradient(random: Random): Case {
  const shape = convolution(random);
  return {
    kernel: 'conv_weight_gradient_f32',
    numbers: shape,
    buffers: {
      inputOffset: floats(random, size(shape, 'batch', 'inH', 'inW', 'inC')),
      gradientOffset: floats(random, size(shape, 'batch', 'outH', 'outW', 'outC')),
      outputOffset: { room: size(shape, 'outC', 'inC', 'kernelH', 'kernelW') / (shape.groups as number) },
    },
  };
}

/** Rows, channels, and an input in one of the three containers. */
function rows(random: Random): { numbers: Record<string, number>; input: Record<string, Contents>; count: number; channels: number } {
  const [count, channels] = [random.integer(1, 300), random.integer(1, 40)];
  const inStride = channels + random.integer(0, 3);
  const inContainer = random.integer(2, 4);
  const scales = { scaleAOffset: positive(random, 1), scaleBOffset: positive(random, 1) };
  // Two i16 are one word of any bits.
  const inputOffset = inContainer !== 4 ? ints(random, count * inStride, -100_000, 100_000) : floats(random, count * inStride, 3);
  return { numbers: { rows: count, channels, inStride, inContainer }, input: { inputOffset, ...scales }, count: count * channels, channels };
}

function statistics(random: Random): Case {
  const { numbers, input, channels } = rows(random);
  const buffers = { ...input, statisticsOffset: { room: 2 * channels }, runningOffset: positive(random, 2 * channels) };
  return { kernel: 'batch_norm_statistics', numbers: { ...numbers, momentumBits: bits(0.1), epsilonBits: bits(1e-5) }, buffers };
}

function running(random: Random): Case {
  const channels = random.integer(1, 40);
  return { kernel: 'batch_norm_running', numbers: { channels, epsilonBits: bits(1e-5) }, buffers: { runningOffset: positive(random, 2 * channels), statisticsOffset: { room: 2 * channels } } };
}

function apply(random: Random): Case {
  const { numbers, input, count, channels } = rows(random);
  const parameters = { statisticsOffset: positive(random, 2 * channels), gammaOffset: floats(random, channels), betaOffset: floats(random, channels) };
  const residual = random.oneIn(2) ? { residualOffset: floats(random, count) } : {};
  return { kernel: 'batch_norm_apply', numbers: { ...numbers, ...bounds(random) }, buffers: { ...input, ...parameters, ...residual, outputOffset: { room: count } } };
}

function backwardReduce(random: Random): Case {
  const { numbers, input, count, channels } = rows(random);
  const gradients = { gradientOffset: floats(random, count), outputOffset: floats(random, count) };
  return {
    kernel: 'batch_norm_backward_reduce',
    numbers: { ...numbers, ...bounds(random) },
    buffers: { ...input, ...gradients, statisticsOffset: positive(random, 2 * channels), sumsOffset: { room: 2 * channels } },
  };
}

function backwardApply(random: Random): Case {
  const { numbers, input, count, channels } = rows(random);
  const gradients = { gradientOffset: floats(random, count), outputOffset: floats(random, count) };
  const parameters = { statisticsOffset: positive(random, 2 * channels), gammaOffset: floats(random, channels), sumsOffset: floats(random, 2 * channels) };
  const more = random.oneIn(2) ? { residualGradientOffset: { room: count }, maximumOffset: { room: 1 } } : {};
  return {
    kernel: 'batch_norm_backward_apply',
    numbers: { ...numbers, ...bounds(random) },
    buffers: { ...input, ...gradients, ...parameters, inputGradientOffset: { room: count }, ...more },
  };
}

function elements(kernel: KernelName, reads: string[], written: string, more: (random: Random, count: number) => Record<string, Contents> = () => ({})): (random: Random) => Case {
  return (random) => {
    const count = random.integer(1, 9000);
    const inputs = Object.fromEntries(reads.map((field) => [field, floats(random, count)]));
    return { kernel, numbers: { count, ...bounds(random) }, buffers: { ...inputs, [written]: { room: count }, ...more(random, count) } };
  };
}

function sumRows(random: Random): Case {
  const { numbers, count, channels } = rows(random);
  return { kernel: 'sum_rows', numbers, buffers: { inputOffset: floats(random, count), outputOffset: { room: channels } } };
}

function dequantizeSums(random: Random): Case {
  const { numbers, input, count, channels } = rows(random);
  const sums = ints(random, (numbers.rows as number) * (numbers.inStride as number), -(2 ** 31), 2 ** 31 - 1);
  const bias = random.oneIn(2) ? { biasOffset: floats(random, channels) } : {};
  return { kernel: 'dequantize_sums', numbers: { ...numbers, inContainer: random.integer(2, 3) }, buffers: { ...input, inputOffset: sums, ...bias, outputOffset: { room: count } } };
}

function dequantizeWeightGradient(random: Random): Case {
  const [slabs, outC, perChannel, isPerChannel] = [random.integer(1, 20), random.integer(1, 20), random.integer(1, 50), random.integer(0, 1)];
  const count = outC * perChannel;
  const scales = { scaleAOffset: positive(random, 1), scaleBOffset: positive(random, isPerChannel === 1 ? outC : 1) };
  const buffers = { inputOffset: ints(random, slabs * count, -(2 ** 31), 2 ** 31 - 1), ...scales, outputOffset: { room: count } };
  return { kernel: 'dequantize_weight_gradient', numbers: { slabs, outC, perChannel, isPerChannel }, buffers };
}

/** A pool, and how many elements go in and out. */
function pool(random: Random): { numbers: Record<string, number>; inputs: number; outputs: number; batch: number } {
  const shape = convolution(random);
  const channels = random.integer(1, 40);
  const numbers = { ...shape, channels, countIncludePad: random.integer(0, 1), outH: Math.max(1, (shape.outH as number) - 1), outW: shape.outW as number };
  return { numbers, inputs: size(numbers, 'batch', 'inH', 'inW', 'channels'), outputs: size(numbers, 'batch', 'outH', 'outW', 'channels'), batch: shape.batch as number };
}

function maxPool(random: Random): Case {
  const { numbers, inputs, outputs } = pool(random);
  // Few values, so that many are equal.
  return { kernel: 'max_pool_nhwc', numbers, buffers: { inputOffset: { floats: Float32Array.from({ length: inputs }, () => random.integer(-3, 3)) }, outputOffset: { room: outputs }, indicesOffset: { room: outputs } } };
}

function maxPoolBackward(random: Random): Case {
  const { numbers, inputs, outputs } = pool(random);
  const pixels = size(numbers, 'batch', 'inH', 'inW');
  return { kernel: 'max_pool_backward', numbers, buffers: { gradientOffset: floats(random, outputs), indicesOffset: ints(random, outputs, -1, pixels), inputGradientOffset: { room: inputs } } };
}

function averagePool(random: Random): Case {
  const { numbers, inputs, outputs } = pool(random);
  return { kernel: 'average_pool_nhwc', numbers, buffers: { inputOffset: floats(random, inputs), outputOffset: { room: outputs } } };
}

function averagePoolBackward(random: Random): Case {
  const { numbers, inputs, outputs } = pool(random);
  return { kernel: 'average_pool_backward', numbers, buffers: { gradientOffset: floats(random, outputs), inputGradientOffset: { room: inputs } } };
}

function crossEntropy(random: Random): Case {
  const [count, classes] = [random.integer(1, 70), random.integer(1, 110)];
  const gradient = random.oneIn(3) ? {} : { gradientOffset: { room: count * classes } };
  return {
    kernel: 'softmax_cross_entropy',
    numbers: { rows: count, classes, smoothingBits: bits(random.pick([0, 0.1])) },
    buffers: { logitsOffset: floats(random, count * classes, 50), labelsOffset: ints(random, count, 0, classes - 1), ...gradient, resultOffset: { room: 2 } },
  };
}

const result = (): Record<string, Contents> => ({ resultOffset: { room: 2 } });

function sgdState(random: Random, count: number): Record<string, Contents> {
  const hyper = [0.1, random.pick([0, 0.9]), random.pick([0, 0.1]), random.pick([0, 1e-4]), random.integer(0, 1), random.integer(0, 1), 0, 0];
  const scale = random.oneIn(2) ? { scaleOffset: positive(random, 1) } : {};
  return { hyperOffset: { floats: Float32Array.from(hyper) }, ...scale, velocityOffset: floats(random, count), parameterOffset: floats(random, count) };
}

function adamState(random: Random, count: number): Record<string, Contents> {
  const hyper = [1e-3, 0.9, 0.999, 1e-8, random.pick([0, 1e-2]), 0.2, 0.003, 0];
  const scale = random.oneIn(2) ? { scaleOffset: positive(random, 1) } : {};
  const moments = { firstMomentOffset: floats(random, count), secondMomentOffset: positive(random, count) };
  return { hyperOffset: { floats: Float32Array.from(hyper) }, ...scale, ...moments, parameterOffset: floats(random, count) };
}

/** Numbers that are none among the others. */
const wild = (random: Random, count: number): Record<string, Contents> => ({
  inputOffset: { floats: Float32Array.from({ length: count }, () => random.pick([1, -2, NaN, Infinity, -Infinity, 0])) },
});

const MAKERS: readonly ((random: Random) => Case)[] = [
  pack,
  forward,
  weightGradient,
  sumRows,
  dequantizeSums,
  dequantizeWeightGradient,
  statistics,
  running,
  apply,
  backwardReduce,
  backwardApply,
  elements('clamp_backward', ['gradientOffset', 'outputOffset'], 'inputGradientOffset'),
  elements('add_elements', ['aOffset', 'bOffset'], 'outputOffset'),
  maxPool,
  maxPoolBackward,
  averagePool,
  averagePoolBackward,
  crossEntropy,
  elements('mean_squared_error', ['predictionOffset', 'targetOffset'], 'gradientOffset', result),
  elements('sgd', ['gradientOffset'], 'parameterOffset', sgdState),
  elements('adam', ['gradientOffset'], 'parameterOffset', adamState),
  elements('count_non_finite', [], 'outputOffset', wild),
];

const test = suite('f32 kernels of training');

test('every kernel has cases', () => {
  const names = MAKERS.map((make) => make(new Random(1)).kernel);
  const all = Object.entries(KERNELS).filter(([, { id }]) => id >= 64 && id < 96);
  assert.equal([...names].sort(), all.map(([name]) => name).sort());
});

const scalar = await load('scalar');
for (const flavour of FLAVOURS.filter((name) => name !== 'scalar')) {
  const engine = await load(flavour);
  for (const [index, make] of MAKERS.entries()) {
    test(`${make(new Random(1)).kernel}: ${flavour} gives the bits of scalar`, () => {
      const random = new Random(1000 + index);
      for (let round = 0; round < CASES_PER_KERNEL; round++) {
        const one = make(random);
        const [expected, actual] = [run(scalar, one), run(engine, one)];
        for (const [at, bytes] of actual.entries()) {
          assert.ok(Buffer.compare(bytes, expected[at] as Uint8Array) === 0, `${one.kernel}, ${Object.keys(one.buffers)[at] as string}: ${JSON.stringify(one.numbers)}`);
        }
      }
      assert.is(engine.liveAllocations, 0);
    });
  }
}

test.run();
