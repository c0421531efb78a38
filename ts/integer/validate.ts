/** Whether an IntegerGraph is a network (SPEC 1.1, 6.2, 6.4). Its operations: validate-operation.ts. */
import { CODE_RANGE, elementCount, validateRange, valueAt } from './bounds.js';
import { invalid, normalizeGraph } from './graph-json.js';
import type { IntegerGraph, IntegerTensor, IntegerValue, Pair, Preprocess, TensorDtype } from './integer-graph.js';
import { validateOperation } from './validate-operation.js';

const TENSOR_RANGE: Readonly<Record<TensorDtype, Pair>> = { i8: [-127, 127], i4: [-7, 7], i32: [-(2 ** 31), 2 ** 31 - 1] };

/** A graph made in memory, its keys and kinds checked too, as those of a file are. Throws ERR_DYAD_INVALID or ERR_ACCUMULATOR. */
export function checkIntegerGraph(source: IntegerGraph): IntegerGraph {
  const graph = { ...normalizeGraph(source), tensors: source.tensors };
  validateIntegerGraph(graph);
  return graph;
}

/** Throws ERR_DYAD_INVALID or ERR_ACCUMULATOR; keys and kinds are taken as graph-json.ts reads them. */
export function validateIntegerGraph(graph: IntegerGraph): void {
  graph.values.forEach(validateValue);
  for (const [name, tensor] of graph.tensors) validateTensor(name, tensor);
  const made = new Set<number>();
  const usedTensors = new Set<string>();
  validateInputs(graph, made);
  for (const operation of graph.operations) {
    const label = `${operation.op} "${operation.name}"`;
    for (const index of operation.inputs) {
      valueAt(graph, index, label, 'inputs');
      if (!made.has(index)) throw invalid(label, 'inputs', 'values made before they are read', index);
    }
    validateOperation(graph, operation, label, usedTensors);
    for (const index of operation.outputs) if (index !== null) make(graph, made, index, label, 'outputs');
  }
  graph.values.forEach((value, index) => {
    if (!made.has(index)) throw invalid(`value "${value.name}"`, 'values', 'an input or an operation that makes it', 'none');
  });
  for (const name of graph.tensors.keys()) {
    if (!usedTensors.has(name)) throw invalid(`tensor "${name}"`, 'tensors', 'an operation that uses it', 'none');
  }
  validateOutputs(graph);
}

function validateValue(value: IntegerValue): void {
  const label = `value "${value.name}"`;
  const codes = CODE_RANGE[value.dtype];
  elementCount(value.shape, label, 'shape');
  if (!(value.scale > 0) || Math.fround(value.scale) !== value.scale || value.scale === Infinity) throw invalid(label, 'scale', 'a positive finite f32 number', value.scale);
  if (value.zeroPoint < codes[0] || value.zeroPoint > codes[1]) throw invalid(label, 'zeroPoint', `an integer within [${codes.join(', ')}]`, value.zeroPoint);
  validateRange(value.range, codes, label, 'range');
}

function validateTensor(name: string, { dtype, shape, data }: IntegerTensor): void {
  const label = `tensor "${name}"`;
  if (name === '__metadata__') throw invalid(label, 'name', 'a name the container does not reserve', name);
  const count = elementCount(shape, label, 'shape');
  const right = dtype === 'i32' ? data instanceof Int32Array : data instanceof Int8Array;
  if (!right) throw invalid(label, 'data', dtype === 'i32' ? 'an Int32Array' : 'an Int8Array', Object.prototype.toString.call(data));
  if (data.length !== count) throw invalid(label, 'data', `${count} elements for [${shape.join(', ')}]`, data.length);
  const [lo, hi] = TENSOR_RANGE[dtype];
  // Bytes have one code too many, and a search for it is the engine's own: fast before anything is compiled.
  const wrong = dtype === 'i32' ? -1 : dtype === 'i8' ? data.indexOf(lo - 1) : firstBeyondI4(data as Int8Array);
  if (wrong >= 0) throw invalid(label, 'data', `${dtype} elements within [${lo}, ${hi}]`, data[wrong]);
}

/** The index of the first element outside [−7, 7], or −1. Four at a time: a network is loaded as fast as its weights are looked at. */
function firstBeyondI4(data: Int8Array): number {
  const start = data.byteOffset % 4 === 0 ? firstWordBeyondI4(new Int32Array(data.buffer, data.byteOffset, data.length >> 2)) * 4 : 0;
  for (let i = start; i < data.length; i++) {
    const element = data[i] as number;
    if (element < -7 || element > 7) return i;
  }
  return -1;
}

/** The index of the first of `words` with a byte outside [−7, 7], or their number. */
function firstWordBeyondI4(words: Int32Array): number {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    // Each byte 7 larger, without carries between them: 0 to 14 where it is inside.
    const moved = ((word & 0x7f7f7f7f) + 0x07070707) ^ (word & 0x80808080);
    if (((moved | (moved + 0x01010101)) & 0xf0f0f0f0) !== 0) return i;
  }
  return words.length;
}

function make(graph: IntegerGraph, made: Set<number>, index: number, op: string, argument: string): IntegerValue {
  const value = valueAt(graph, index, op, argument);
  if (made.has(index)) throw invalid(op, argument, 'each value made exactly once', index);
  made.add(index);
  return value;
}

function validateInputs({ inputs, ...rest }: IntegerGraph, made: Set<number>): void {
  if (inputs.length === 0) throw invalid('graph', 'inputs', 'at least one input', inputs);
  const names = new Set<string>();
  for (const input of inputs) {
    const label = `input "${input.name}"`;
    if (names.has(input.name)) throw invalid(label, 'name', 'a name no other input has', input.name);
    names.add(input.name);
    const value = make({ inputs, ...rest }, made, input.value, label, 'value');
    if (value.shape[0] !== 1) throw invalid(label, 'shape', 'a batch axis of 1 in front', value.shape);
    if (input.preprocess !== null) validatePreprocess(input.preprocess, value, label);
  }
}

function validateOutputs(graph: IntegerGraph): void {
  if (graph.outputs.length === 0) throw invalid('graph', 'outputs', 'at least one output', graph.outputs);
  const names = new Set<string>();
  for (const output of graph.outputs) {
    const label = `output "${output.name}"`;
    if (names.has(output.name)) throw invalid(label, 'name', 'a name no other output has', output.name);
    names.add(output.name);
    const value = valueAt(graph, output.value, label, 'value');
    if (value.shape[0] !== 1) throw invalid(label, 'shape', 'a batch axis of 1 in front', value.shape);
    if (output.softmax !== null && (output.softmax < 0 || output.softmax >= value.shape.length)) {
      throw invalid(label, 'softmax', `null or an axis from 0 to ${value.shape.length - 1}`, output.softmax);
    }
  }
}

function validatePreprocess({ size, channels, mean, std }: Preprocess, value: IntegerValue, op: string): void {
  const count = channels === 'gray' ? 1 : 3;
  if (value.dtype === 'i16') throw invalid(op, 'preprocess', 'an input of one byte per code', value.dtype);
  const expected = [1, count, ...size];
  if (value.shape.length !== 4 || value.shape.some((dimension, axis) => dimension !== expected[axis])) {
    throw invalid(op, 'preprocess', `an input of shape [${expected.join(', ')}]`, value.shape);
  }
  for (const [argument, numbers] of [['preprocess.mean', mean], ['preprocess.std', std]] as const) {
    if (numbers.length !== count) throw invalid(op, argument, `${count} numbers`, numbers);
  }
  for (const deviation of std) {
    // The table multiplies by 1/std, so a std whose reciprocal overflows f32 is refused as well.
    if (!(deviation > 0) || !Number.isFinite(Math.fround(1 / deviation))) throw invalid(op, 'preprocess.std', 'positive numbers with a finite reciprocal', deviation);
  }
}

