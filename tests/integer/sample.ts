/** A network with every operation of SPEC 3, as a graph and as the parts of its file, so that tests can break one thing at a time. */
import { encodeDyad } from '../../ts/integer/dyad.js';
import type { IntegerGraph, IntegerTensor, IntegerValue, Requantization } from '../../ts/integer/integer-graph.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../../ts/integer/safetensors.js';

function value(name: string, dtype: IntegerValue['dtype'], shape: number[], zeroPoint: number, range: [number, number], scale = 0.5): IntegerValue {
  return { name, dtype, shape, scale, zeroPoint, range };
}

function tensor(dtype: IntegerTensor['dtype'], shape: number[], element: (i: number) => number): IntegerTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype, shape, data: (dtype === 'i32' ? Int32Array : Int8Array).from({ length: count }, (_, i) => element(i)) };
}

const copy: Requantization = { form: 'copy' };
const q15 = (shift: number, multiplier: string): Requantization => ({ form: 'q15', shift, multiplier });

export function sampleGraph(): IntegerGraph {
  return {
    name: 'sample "with every operation"',
    values: [
      value('x', 'u8', [1, 3, 6, 6], 3, [0, 255], Math.fround(0.1)),
      value('c', 'u8', [1, 4, 6, 6], 0, [0, 127]),
      value('d', 'i8', [1, 4, 6, 6], -2, [-128, 127], Math.fround(1e-7)),
      value('carrier', 'i16', [1, 4, 6, 6], 0, [-32767, 32767]),
      value('code', 'u8', [1, 4, 6, 6], 7, [0, 255]),
      value('max', 'u8', [1, 4, 3, 3], 7, [7, 255]),
      value('average', 'u8', [1, 4, 3, 3], 7, [0, 255]),
      value('narrow', 'i8', [1, 4, 6, 6], 0, [-128, 127]),
      value('slice', 'i8', [1, 4, 3, 3], 0, [-128, 127]),
      value('concat', 'u8', [1, 12, 3, 3], 7, [0, 255]),
      value('pad', 'u8', [1, 12, 4, 3], 7, [0, 255]),
      value('transpose', 'u8', [1, 4, 3, 12], 7, [0, 255]),
      value('flat', 'u8', [1, 144], 7, [0, 255]),
      value('logits', 'i8', [1, 5], 0, [-128, 127]),
    ],
    inputs: [{ name: 'image', value: 0, preprocess: { size: [6, 6], fit: 'crop', channels: 'rgb', mean: [0.5, 0.25, 0.125], std: [0.5, 0.5, 2], labels: ['a', 'b', 'ç', 'd', '😀'] } }],
    outputs: [{ name: 'logits', value: 13, softmax: 1 }, { name: 'features', value: 9, softmax: null }],
    tensors: new Map<string, IntegerTensor>([
      ['c.weight', tensor('i8', [4, 3, 3, 3], (i) => ((i * 37) % 255) - 127)],
      ['c.bias', tensor('i32', [4], (i) => i * 1000 - 1500)],
      ['c.multiplier', tensor('i32', [4], (i) => 32767 - i)],
      ['d.weight', tensor('i4', [4, 2, 3, 3], (i) => ((i * 5) % 15) - 7)],
      ['one', tensor('i32', [1], () => 20000)],
      ['exact', tensor('i32', [1], () => 2 ** 31 - 1)],
      ['divisors', tensor('i32', [3], (i) => 2 ** 30 + i)],
      ['logits.weight', tensor('i4', [5, 144], (i) => (i % 15) - 7)],
    ]),
    operations: [
      { op: 'conv2d', name: 'c', inputs: [0], outputs: [1], weight: 'c.weight', bias: 'c.bias', stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1], groups: 1, requantization: q15(8, 'c.multiplier'), clamp: [0, 127] },
      { op: 'conv2d', name: 'd', inputs: [1], outputs: [2], weight: 'd.weight', bias: null, stride: [1, 1], pads: [2, 2, 2, 2], dilation: [2, 2], groups: 2, requantization: { form: 'exact', left: 3, shift: 40, multiplier: 'exact' }, clamp: [-128, 127] },
      { op: 'add', name: 'sum', inputs: [1, 2], outputs: [3, 4], requantizations: [q15(-4, 'one'), { form: 'exact', left: 20, shift: 50, multiplier: 'exact' }], clamp: [0, 32767], codeRequantization: q15(5, 'one'), codeClamp: [0, 255] },
      { op: 'max_pool', name: 'max', inputs: [4], outputs: [5], kernel: [2, 2], stride: [2, 2], pads: [0, 0, 0, 0], dilation: [1, 1], outputSize: [3, 3], clamp: [7, 255] },
      { op: 'average_pool', name: 'average', inputs: [4], outputs: [6], kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1], countIncludePad: false, outputSize: [3, 3], divisors: [4, 6, 9], requantization: { form: 'exact', left: 0, shift: 33, multiplier: 'divisors' }, clamp: [0, 255] },
      { op: 'requantize', name: 'narrow', inputs: [3], outputs: [7], requantization: q15(4, 'one'), clamp: [-128, 127] },
      { op: 'slice', name: 'slice', inputs: [7], outputs: [8], starts: [0, 0, 5, 1], steps: [1, 1, -2, 2] },
      { op: 'concat', name: 'concat', inputs: [5, 6, 8], outputs: [9], axis: 1, requantizations: [copy, copy, q15(1, 'one')], clamp: [0, 255] },
      { op: 'pad', name: 'pad', inputs: [9], outputs: [10], before: [0, 0, 1, 0], after: [0, 0, 0, 0], value: 7 },
      { op: 'transpose', name: 'transpose', inputs: [10], outputs: [11], perm: [0, 2, 3, 1] },
      { op: 'reshape', name: 'flat', inputs: [11], outputs: [12] },
      { op: 'dense', name: 'logits', inputs: [12], outputs: [13], weight: 'logits.weight', bias: null, requantization: q15(10, 'one'), clamp: [-128, 127] },
    ],
  };
}

/** The parts of a .dyad file, free to be made wrong. */
export interface FileParts {
  // Deliberately loose: a broken network has no type.
  json: any;
  tensors: Map<string, StoredTensor>;
}

export function fileParts(graph: IntegerGraph = sampleGraph()): FileParts {
  const { metadata, tensors } = readSafetensors(encodeDyad(graph));
  return { json: JSON.parse(metadata.get('dyad') ?? ''), tensors: new Map(tensors) };
}

export function fileOf({ json, tensors }: FileParts): Uint8Array {
  return writeSafetensors(new Map([['dyad', typeof json === 'string' ? json : JSON.stringify(json)]]), tensors);
}

/** A file around a header text, padded as SPEC 6.1 wants it. */
export function fileWithHeader(header: string, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + length + data.length).fill(0x20, 8);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  file.set(data, 8 + length);
  return file;
}

/** Header text and data of a file. */
export function splitFile(file: Uint8Array): { header: string; data: Uint8Array } {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return { header: new TextDecoder().decode(file.subarray(8, 8 + length)).trimEnd(), data: file.subarray(8 + length) };
}
