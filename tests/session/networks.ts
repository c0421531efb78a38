/** Small networks for the tests of programs and models. */
import type { IntegerGraph, IntegerTensor, IntegerValue, Operation, Preprocess } from '../../ts/integer/integer-graph.js';
import { Random } from '../parity/random.js';

export const PREPROCESS: Preprocess = { size: [6, 6], fit: 'crop', channels: 'rgb', mean: [0.4, 0.5, 0.6].map(Math.fround), std: [0.2, 0.25, 0.3].map(Math.fround), labels: ['a', 'b', 'c', 'd', 'e'] };

function value(name: string, shape: readonly number[], more: Partial<IntegerValue> = {}): IntegerValue {
  return { name, dtype: 'u8', shape, scale: Math.fround(0.05), zeroPoint: 0, range: [0, 255], ...more };
}

function weights(random: Random, shape: readonly number[]): IntegerTensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'i8', shape, data: Int8Array.from({ length: count }, () => random.integer(-127, 127)) };
}

function i32(data: readonly number[]): IntegerTensor {
  return { dtype: 'i32', shape: [data.length], data: Int32Array.from(data) };
}

/**
 * input [1,3,6,6] i8 → conv 3×3 → relu'd [1,5,6,6] → conv 1×1, added to it (carrier and code) → max pool → global average → reshape → dense → softmax [1,5].
 * Every kind of buffer is in it: pad channels, an i16 carrier, a temporary, an output of its own beside the softmax one.
 */
export function smallNetwork(preprocess: Preprocess | null = PREPROCESS): IntegerGraph {
  const random = new Random(42);
  const values = [
    value('input', [1, 3, 6, 6], { dtype: 'i8', scale: Math.fround(0.03), zeroPoint: -3, range: [-128, 127] }),
    value('conv', [1, 5, 6, 6]),
    value('branch', [1, 5, 6, 6], { dtype: 'i8', range: [-128, 127] }),
    value('carrier', [1, 5, 6, 6], { dtype: 'i16', range: [-32767, 32767] }),
    value('code', [1, 5, 6, 6]),
    value('max', [1, 5, 3, 3]),
    value('average', [1, 5, 1, 1]),
    value('flat', [1, 5]),
    value('logits', [1, 5], { dtype: 'i8', range: [-128, 127] }),
  ];
  const q15 = (shift: number, multiplier = 'm') => ({ form: 'q15', shift, multiplier }) as const;
  const operations: Operation[] = [
    { op: 'conv2d', name: 'conv', inputs: [0], outputs: [1], weight: 'w0', bias: 'b0', stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1], groups: 1, requantization: q15(5, 'm5'), clamp: [0, 255] },
    { op: 'conv2d', name: 'branch', inputs: [1], outputs: [2], weight: 'w1', bias: null, stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1, requantization: q15(4), clamp: [-128, 127] },
    { op: 'add', name: 'add', inputs: [1, 2], outputs: [3, 4], requantizations: [q15(-6), q15(-6)], clamp: [0, 32767], codeRequantization: q15(5), codeClamp: [0, 255] },
    { op: 'max_pool', name: 'max', inputs: [4], outputs: [5], kernel: [2, 2], stride: [2, 2], pads: [0, 0, 0, 0], dilation: [1, 1], outputSize: [3, 3], clamp: [0, 255] },
    {
      op: 'average_pool', name: 'average', inputs: [5], outputs: [6], kernel: [3, 3], stride: [1, 1], pads: [0, 0, 0, 0],
      countIncludePad: false, outputSize: [1, 1], divisors: [9], requantization: q15(-3, 'ninth'), clamp: [0, 255],
    },
    { op: 'reshape', name: 'flatten', inputs: [6], outputs: [7] },
    { op: 'dense', name: 'dense', inputs: [7], outputs: [8], weight: 'w2', bias: 'b2', requantization: q15(5), clamp: [-128, 127] },
  ];
  const tensors = new Map<string, IntegerTensor>([
    ['w0', weights(random, [5, 3, 3, 3])],
    ['b0', i32([100, -200, 300, 0, 50])],
    ['w1', weights(random, [5, 5, 1, 1])],
    ['w2', weights(random, [5, 5])],
    ['b2', i32([5, 4, 3, 2, 1])],
    ['m', i32([12000])],
    ['m5', i32([9000, 10000, 11000, 12000, 13000])],
    ['ninth', i32([455])],
  ]);
  return {
    name: 'small',
    values,
    inputs: [{ name: 'image', value: 0, preprocess }],
    outputs: [
      { name: 'scores', value: 8, softmax: 1 },
      { name: 'features', value: 3, softmax: null },
    ],
    tensors,
    operations,
  };
}

/** Floats for its input, seeded. */
export function floats(seed: number, count: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.integer(-4000, 4000) / 1000);
}
