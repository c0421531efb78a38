/** Tensors of every element type and storage form, and those that lie about themselves. */
import { PbfReader, PbfWriter } from 'pbf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import type { Constant } from '../../ts/graph/graph.js';
import { readTensor } from '../../ts/onnx/proto.js';
import { DataType, toConstant } from '../../ts/onnx/tensor.js';

function read(write: (pbf: PbfWriter) => void): Constant {
  const pbf = new PbfWriter();
  write(pbf);
  return toConstant(readTensor(pbf.finish(), PbfReader), 'tensor');
}

function dims(pbf: PbfWriter, type: number, ...sizes: number[]): void {
  pbf.writePackedVarint(1, sizes);
  pbf.writeVarintField(2, type);
}

function raw(type: number, bytes: ArrayBufferView, count: number): Constant {
  return read((pbf) => {
    dims(pbf, type, count);
    pbf.writeBytesField(9, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
}

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.instance(error, DyadicError);
    return (error as DyadicError).code;
  }
  return 'nothing thrown';
}

const floats: [string, number, ArrayBufferView, number[]][] = [
  ['float', DataType.FLOAT, Float32Array.of(1.5, -2, 0.1), [1.5, -2, Math.fround(0.1)]],
  ['double', DataType.DOUBLE, Float64Array.of(1.5, 0.1, 1e300), [1.5, Math.fround(0.1), Infinity]],
  ['float16', DataType.FLOAT16, Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7bff, 0xfc00, 0x8000), [1, -2.5, 2 ** -24, 65504, -Infinity, -0]],
  ['bfloat16', DataType.BFLOAT16, Uint16Array.of(0x3f80, 0xc020, 0x7f80), [1, -2.5, Infinity]],
];

for (const [name, type, bytes, expected] of floats) {
  test(`raw ${name} becomes f32`, () => {
    const { dtype, data } = raw(type, bytes, expected.length);
    assert.is(dtype, 'f32');
    expected.forEach((value, i) => assert.ok(Object.is(data[i], value), `${data[i]} instead of ${value}`));
  });
}

const integers: [string, number, ArrayBufferView, number[]][] = [
  ['int64', DataType.INT64, BigInt64Array.of(-1n, 2n ** 53n - 1n, -(2n ** 63n), 2n ** 63n - 1n), [-1, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53 - 1]],
  ['int32', DataType.INT32, Int32Array.of(-1, 2 ** 31 - 1), [-1, 2 ** 31 - 1]],
  ['uint32', DataType.UINT32, Uint32Array.of(2 ** 32 - 1), [2 ** 32 - 1]],
  ['int16', DataType.INT16, Int16Array.of(-5), [-5]],
  ['uint16', DataType.UINT16, Uint16Array.of(65535), [65535]],
  ['int8', DataType.INT8, Int8Array.of(-128, 127), [-128, 127]],
  ['uint8', DataType.UINT8, Uint8Array.of(255), [255]],
];

for (const [name, type, bytes, expected] of integers) {
  test(`raw ${name} becomes i64`, () => assert.equal(raw(type, bytes, expected.length), { dtype: 'i64', shape: [expected.length], data: expected }));
}

test('bool', () => assert.equal(raw(DataType.BOOL, Uint8Array.of(0, 1, 2), 3), { dtype: 'bool', shape: [3], data: [0, 1, 1] }));

test('typed fields, packed and not', () => {
  const float = read((pbf) => (dims(pbf, DataType.FLOAT, 2), pbf.writePackedFloat(4, [0.5, -1])));
  assert.equal([...float.data], [0.5, -1]);
  const double = read((pbf) => (dims(pbf, DataType.DOUBLE, 2), pbf.writePackedDouble(10, [0.5, -1])));
  assert.equal([...double.data], [0.5, -1]);
  const int64 = read((pbf) => (dims(pbf, DataType.INT64, 3), pbf.writeVarintField(7, 3), pbf.writeVarintField(7, -4), pbf.writePackedVarint(7, [5])));
  assert.equal(int64.data, [3, -4, 5]);
  const half = read((pbf) => (dims(pbf, DataType.FLOAT16, 1), pbf.writePackedVarint(5, [0xc100])));
  assert.equal([...half.data], [-2.5]);
  const int8 = read((pbf) => (dims(pbf, DataType.INT8, 2), pbf.writePackedVarint(5, [-128, 127])));
  assert.equal(int8.data, [-128, 127]);
});

test('a scalar and an empty tensor', () => {
  assert.equal(read((pbf) => (pbf.writeVarintField(2, DataType.INT64), pbf.writeVarintField(7, 7))), { dtype: 'i64', shape: [], data: [7] });
  assert.equal(read((pbf) => dims(pbf, DataType.INT64, 0)).data, []);
});

test('counts that the bytes do not bear out are refused before anything is allocated', () => {
  const lie = (...sizes: number[]) => code(() => read((pbf) => (dims(pbf, DataType.FLOAT, ...sizes), pbf.writeBytesField(9, new Uint8Array(8)))));
  assert.is(lie(3), 'ERR_ONNX_INVALID');
  assert.is(lie(2 ** 31, 2 ** 31, 2 ** 31), 'ERR_ONNX_INVALID');
  assert.is(lie(-2), 'ERR_ONNX_INVALID');
  assert.is(lie(2), 'nothing thrown');
  assert.is(code(() => read((pbf) => dims(pbf, DataType.FLOAT, 2 ** 40))), 'ERR_ONNX_INVALID');
});

test('integers that a number cannot hold, external data and unknown types', () => {
  assert.is(code(() => raw(DataType.INT64, BigInt64Array.of(2n ** 60n), 1)), 'ERR_ONNX_INVALID');
  assert.is(code(() => read((pbf) => (dims(pbf, DataType.FLOAT, 1), pbf.writeVarintField(14, 1)))), 'ERR_ONNX_UNSUPPORTED');
  assert.is(code(() => read((pbf) => dims(pbf, DataType.STRING, 1))), 'ERR_ONNX_UNSUPPORTED');
});

test('fields that run past their message, and wrong wire types', () => {
  assert.is(code(() => readTensor(Uint8Array.of(0x4a, 0x05, 1, 2), PbfReader)), 'ERR_ONNX_PARSE');
  assert.is(code(() => readTensor(Uint8Array.of(0x4a, 0xff, 0xff, 0xff, 0xff, 0x7f), PbfReader)), 'ERR_ONNX_PARSE');
  assert.is(code(() => readTensor(Uint8Array.of(0x22, 0x03, 0, 0, 0), PbfReader)), 'ERR_ONNX_PARSE');
  assert.is(code(() => readTensor(Uint8Array.of(0x48, 0x03), PbfReader)), 'ERR_ONNX_PARSE');
  assert.is(code(() => readTensor(Uint8Array.of(0x10), PbfReader)), 'ERR_ONNX_PARSE');
});

test.run();
