/** TensorProto → Constant: every float type becomes f32, every integer type i64, bool stays bool. */
import { DyadicError } from '../errors.js';
import type { Constant } from '../graph/graph.js';
import { elementCount, showShape } from '../graph/shape.js';
import type { TensorProto } from './proto.js';

/** TensorProto.DataType. */
export const DataType = {
  FLOAT: 1, UINT8: 2, INT8: 3, UINT16: 4, INT16: 5, INT32: 6, INT64: 7, STRING: 8, BOOL: 9, FLOAT16: 10, DOUBLE: 11, UINT32: 12, UINT64: 13, BFLOAT16: 16, UINT4: 21, INT4: 22,
} as const;

const NAMES = new Map<number, string>(Object.entries(DataType).map(([name, value]) => [value, name.toLowerCase()]));

/** `float16`, or `type 23` for one that has no name here. */
export function dataTypeName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

interface Format {
  readonly dtype: Constant['dtype'];
  /** Bytes of an element in raw_data; half a byte is a nibble, the low one first. */
  readonly size: number;
  readonly raw: (bytes: DataView, offset: number) => number;
  /** The typed field that holds the elements where raw_data does not. */
  readonly field: 'floats' | 'int32s' | 'int64s' | 'doubles' | 'uint64s';
  /** From an element of that field; the identity where not given. */
  readonly decode?: (value: number) => number;
}

const FORMATS = new Map<number, Format>([
  [DataType.FLOAT, { dtype: 'f32', size: 4, raw: (b, o) => b.getFloat32(o, true), field: 'floats' }],
  [DataType.DOUBLE, { dtype: 'f32', size: 8, raw: (b, o) => b.getFloat64(o, true), field: 'doubles' }],
  [DataType.FLOAT16, { dtype: 'f32', size: 2, raw: (b, o) => halfToFloat(b.getUint16(o, true)), field: 'int32s', decode: halfToFloat }],
  [DataType.BFLOAT16, { dtype: 'f32', size: 2, raw: (b, o) => bfloatToFloat(b.getUint16(o, true)), field: 'int32s', decode: bfloatToFloat }],
  [DataType.INT64, { dtype: 'i64', size: 8, raw: (b, o) => b.getInt32(o + 4, true) * 2 ** 32 + b.getUint32(o, true), field: 'int64s' }],
  [DataType.UINT32, { dtype: 'i64', size: 4, raw: (b, o) => b.getUint32(o, true), field: 'uint64s' }],
  [DataType.INT32, { dtype: 'i64', size: 4, raw: (b, o) => b.getInt32(o, true), field: 'int32s' }],
  [DataType.INT16, { dtype: 'i64', size: 2, raw: (b, o) => b.getInt16(o, true), field: 'int32s' }],
  [DataType.UINT16, { dtype: 'i64', size: 2, raw: (b, o) => b.getUint16(o, true), field: 'int32s' }],
  [DataType.INT8, { dtype: 'i64', size: 1, raw: (b, o) => b.getInt8(o), field: 'int32s' }],
  [DataType.UINT8, { dtype: 'i64', size: 1, raw: (b, o) => b.getUint8(o), field: 'int32s' }],
  [DataType.UINT4, { dtype: 'i64', size: 0.5, raw: (b, o) => nibble(b, o), field: 'int32s' }],
  [DataType.INT4, { dtype: 'i64', size: 0.5, raw: (b, o) => signed(nibble(b, o)), field: 'int32s' }],
  [DataType.BOOL, { dtype: 'bool', size: 1, raw: (b, o) => (b.getUint8(o) === 0 ? 0 : 1), field: 'int32s', decode: (v) => (v === 0 ? 0 : 1) }],
]);

/** The dtype that a Graph holds elements of this ONNX type in; undefined for types that it has none for. */
export function graphDtype(type: number): Constant['dtype'] | undefined {
  return FORMATS.get(type)?.dtype;
}

/**
 * Throws ERR_ONNX_UNSUPPORTED for external data and element types without a format (with that as the one detail), ERR_ONNX_INVALID where dims and
 * data disagree or an integer is beyond ±2^53. `where` names the initializer or attribute.
 */
export function toConstant(tensor: TensorProto, where: string): Constant {
  if (tensor.external) throw unsupported(where, 'external data (save the model as one file)');
  const format = FORMATS.get(tensor.dataType);
  if (format === undefined) throw unsupported(where, `element type ${dataTypeName(tensor.dataType)}`);
  if (tensor.dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) throw invalid(where, 'dimensions of 0 or more', showShape(tensor.dims));
  const count = elementCount(tensor.dims);
  const values = tensor.raw === undefined ? typedValues(tensor, format, count, where) : rawValues(tensor.raw, format, count, where);
  const data = format.dtype === 'f32' ? Float32Array.from(values) : Array.from(values, (value) => exactInteger(value, where));
  return { dtype: format.dtype, shape: tensor.dims, data };
}

function rawValues(raw: Uint8Array, format: Format, count: number, where: string): number[] | Float32Array {
  const expected = Math.ceil(count * format.size);
  if (raw.length !== expected) throw invalid(where, `${expected} bytes of raw data`, String(raw.length));
  const bytes = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const values = format.dtype === 'f32' ? new Float32Array(count) : new Array<number>(count);
  for (let i = 0; i < count; i++) values[i] = format.raw(bytes, i * format.size);
  return values;
}

function typedValues(tensor: TensorProto, format: Format, count: number, where: string): number[] {
  if (format.size === 0.5) return rawValues(Uint8Array.from(tensor.int32s), format, count, where) as number[];
  const values = tensor[format.field];
  if (values.length !== count) throw invalid(where, `${count} elements`, String(values.length));
  return format.decode === undefined ? values : values.map(format.decode);
}

/**
 * i64 as a number. Slice writes "to the end" as the ends of int64 (or nearly): what is beyond ±2^62 saturates to the largest exact
 * integer; between that and 2^53 nothing sensible lies and a number would not be exact.
 */
export function exactInteger(value: number, where: string): number {
  if (Number.isSafeInteger(value)) return value;
  if (value >= 2 ** 62) return Number.MAX_SAFE_INTEGER;
  if (value <= -(2 ** 62)) return Number.MIN_SAFE_INTEGER;
  throw invalid(where, 'integers within ±2^53', String(value));
}

/** At a byte and a half of it: 2.5 is the high nibble of byte 2. */
function nibble(bytes: DataView, offset: number): number {
  const byte = bytes.getUint8(Math.floor(offset));
  return Number.isInteger(offset) ? byte & 15 : byte >> 4;
}

function signed(code: number): number {
  return code >= 8 ? code - 16 : code;
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return (sign * fraction) / (1 << 24);
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  // 2^(exponent − 25) by shifts: the last bit of a power is the host's choice.
  const scaled = exponent >= 25 ? (1024 + fraction) * (1 << (exponent - 25)) : (1024 + fraction) / (1 << (25 - exponent));
  return sign * scaled;
}

const scratch = new DataView(new ArrayBuffer(4));

function bfloatToFloat(bits: number): number {
  scratch.setUint32(0, (bits & 0xffff) * 65536);
  return scratch.getFloat32(0);
}

function invalid(where: string, expected: string, received: string): DyadicError {
  return new DyadicError('ERR_ONNX_INVALID', { op: 'importOnnx', argument: where, expected, received });
}

function unsupported(where: string, what: string): DyadicError {
  return new DyadicError('ERR_ONNX_UNSUPPORTED', { op: 'importOnnx', argument: where, expected: 'a tensor that can be imported', received: what, details: [`${where}: ${what}`] });
}
