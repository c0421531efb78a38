/**
 * Shape and type of what a GraphNode makes. Slice and pools do not say their output size (an end, or ceil mode, decided it at
 * import), so theirs is taken as declared and checked.
 */
import { DyadicError } from '../errors.js';
import type { FakeQuantizeAttributes, GraphNode, PoolAttributes, ValueInfo } from './graph.js';
import { effectiveKernel, everyWindowTouches, windowCount, windowCountCeil } from './pool-window.js';
import { broadcastShapes, elementCount, sameShape, showShape } from './shape.js';

const MAX_RANK = 6;
const MAX_DIM = 2 ** 24;
const MAX_ELEMENTS = 2 ** 31;

/** Throws ERR_SHAPE, naming node, argument, expected and received. */
export function shapeError(node: GraphNode, argument: string, expected: string, received: string): DyadicError {
  return new DyadicError('ERR_SHAPE', { op: `${node.op} "${node.name}"`, argument, expected, received });
}

/**
 * The output of `node` for these inputs (undefined where an optional input is absent). `declared` is the output shape that the graph states:
 * required for Slice, MaxPool and AveragePool. Throws ERR_SHAPE or ERR_DTYPE.
 */
export function inferOutput(node: GraphNode, inputs: readonly (ValueInfo | undefined)[], declared?: readonly number[]): ValueInfo {
  const shape = inferShape(node, inputs, declared);
  if (declared !== undefined && !sameShape(shape, declared)) throw shapeError(node, 'output', showShape(shape), showShape(declared));
  checkLimits(node, shape);
  return { dtype: inputDtype(node, inputs), shape };
}

function inferShape(node: GraphNode, inputs: readonly (ValueInfo | undefined)[], declared: readonly number[] | undefined): readonly number[] {
  const x = required(node, inputs, 0).shape;
  switch (node.op) {
    case 'Conv': return convShape(node, x, required(node, inputs, 1).shape, inputs[2]?.shape);
    case 'Gemm': return gemmShape(node, x, required(node, inputs, 1).shape, inputs[2]?.shape);
    case 'MatMul': return matMulShape(node, x, required(node, inputs, 1).shape);
    case 'BatchNormalization': return batchNormShape(node, x, inputs);
    case 'Add': return addShape(node, x, required(node, inputs, 1).shape);
    case 'Relu':
    case 'Clip': return x;
    case 'FakeQuantize': checkCodes(node, node.attributes, x); return x;
    case 'Softmax': checkAxis(node, node.attributes.axis, x.length); return x;
    case 'MaxPool':
    case 'AveragePool': return poolShape(node, node.attributes, x, declared);
    case 'ReduceMean': return reduceShape(node, node.attributes.axes, node.attributes.keepdims, x);
    case 'Concat': return concatShape(node, node.attributes.axis, inputs);
    case 'Reshape': return reshapeShape(node, node.attributes.shape, x);
    case 'Transpose': return transposeShape(node, node.attributes.perm, x);
    case 'Slice': return sliceShape(node, node.attributes, x, declared);
    case 'Pad': return padShape(node, node.attributes, x);
    case 'Gather': return gatherShape(node, node.attributes, x);
  }
}

function required(node: GraphNode, inputs: readonly (ValueInfo | undefined)[], index: number): ValueInfo {
  const input = inputs[index];
  if (input === undefined) throw shapeError(node, `inputs[${index}]`, 'a value', 'none');
  return input;
}

/** All inputs have one type; only moving data is defined on types other than f32. */
function inputDtype(node: GraphNode, inputs: readonly (ValueInfo | undefined)[]): ValueInfo['dtype'] {
  const dtype = required(node, inputs, 0).dtype;
  const wrong = inputs.find((input) => input !== undefined && input.dtype !== dtype);
  if (wrong !== undefined) throw new DyadicError('ERR_DTYPE', { op: `${node.op} "${node.name}"`, argument: 'inputs', expected: dtype, received: wrong.dtype });
  return dtype;
}

function checkLimits(node: GraphNode, shape: readonly number[]): void {
  if (shape.length > MAX_RANK) throw shapeError(node, 'output', `rank ${MAX_RANK} at most`, showShape(shape));
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0 || dim > MAX_DIM) || elementCount(shape) >= MAX_ELEMENTS) {
    throw shapeError(node, 'output', `dimensions up to 2^24 and fewer than 2^31 elements`, showShape(shape));
  }
}

function checkAxis(node: GraphNode, axis: number, rank: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank) throw shapeError(node, 'axis', `an axis in [0, ${rank})`, String(axis));
}

function checkCodes(node: GraphNode, { scale, axis = 0, range }: FakeQuantizeAttributes, shape: readonly number[]): void {
  const scales = typeof scale === 'number' ? [scale] : scale;
  const wrong = scales.find((s) => !(s > 0 && Number.isFinite(s) && Math.fround(s) === s));
  if (wrong !== undefined || scales.length === 0) throw shapeError(node, 'scale', 'positive f32 numbers', String(wrong));
  if (typeof scale !== 'number' && scale.length !== shape[axis]) throw shapeError(node, 'scale', `one for each of the ${shape[axis] ?? 0} along axis ${axis}`, String(scale.length));
  const [lo, hi] = range;
  if (!(Number.isInteger(lo) && Number.isInteger(hi) && lo <= 0 && hi >= 0 && hi > lo && hi - lo <= 255)) throw shapeError(node, 'range', 'codes at most 255 apart, 0 among them', showShape(range));
}

function checkRank(node: GraphNode, argument: string, shape: readonly number[], rank: number): void {
  if (shape.length !== rank) throw shapeError(node, argument, `rank ${rank}`, showShape(shape));
}

function convShape(node: GraphNode & { op: 'Conv' }, x: readonly number[], w: readonly number[], b: readonly number[] | undefined): number[] {
  checkRank(node, 'x', x, 4);
  checkRank(node, 'weight', w, 4);
  const { kernel, stride, pads, dilation, groups } = node.attributes;
  const [n, c, h, width] = x as [number, number, number, number];
  const [oc] = w as [number];
  checkWindow(node, kernel, stride, pads, dilation);
  if (!(Number.isInteger(groups) && groups >= 1) || c % groups !== 0 || oc % groups !== 0) {
    throw shapeError(node, 'groups', `a divisor of ${c} input and ${oc} output channels`, String(groups));
  }
  const expected = [oc, c / groups, kernel[0], kernel[1]];
  if (!sameShape(w, expected)) throw shapeError(node, 'weight', showShape(expected), showShape(w));
  if (b !== undefined && !sameShape(b, [oc])) throw shapeError(node, 'bias', showShape([oc]), showShape(b));
  const oh = windowCount(h, pads[0], pads[2], kernel[0], stride[0], dilation[0]);
  const ow = windowCount(width, pads[1], pads[3], kernel[1], stride[1], dilation[1]);
  if (oh < 1 || ow < 1) throw shapeError(node, 'kernel', `a kernel that fits the padded input of shape ${showShape(x)}`, showShape(kernel));
  return [n, oc, oh, ow];
}

function checkWindow(node: GraphNode, kernel: readonly number[], stride: readonly number[], pads: readonly number[], dilation: readonly number[]): void {
  const positive = (list: readonly number[]) => list.length === 2 && list.every((v) => Number.isInteger(v) && v >= 1 && v <= MAX_DIM);
  if (!positive(kernel)) throw shapeError(node, 'kernel', 'two integers of 1 or more', showShape(kernel));
  if (!positive(stride)) throw shapeError(node, 'stride', 'two integers of 1 or more', showShape(stride));
  if (!positive(dilation)) throw shapeError(node, 'dilation', 'two integers of 1 or more', showShape(dilation));
  if (pads.length !== 4 || pads.some((v) => !Number.isInteger(v) || v < 0 || v > MAX_DIM)) throw shapeError(node, 'pads', 'four integers of 0 or more', showShape(pads));
}

function poolShape(node: GraphNode, attributes: PoolAttributes, x: readonly number[], declared: readonly number[] | undefined): readonly number[] {
  checkRank(node, 'x', x, 4);
  if (declared === undefined) throw shapeError(node, 'output', 'a declared shape', 'none');
  const { kernel, stride, pads, dilation } = attributes;
  checkWindow(node, kernel, stride, pads, dilation);
  if (declared.length !== 4 || declared[0] !== x[0] || declared[1] !== x[1]) throw shapeError(node, 'output', `[${x[0]}, ${x[1]}, h, w]`, showShape(declared));
  for (const axis of [0, 1] as const) {
    const window = [x[axis + 2]!, pads[axis]!, pads[axis + 2]!, kernel[axis], stride[axis], dilation[axis]] as const;
    const floor = windowCount(...window);
    const ceil = windowCountCeil(...window);
    const count = declared[axis + 2]!;
    if (count < 1 || (count !== floor && count !== ceil)) throw shapeError(node, 'output', `${floor} or ${ceil} windows along axis ${axis + 2}`, String(count));
    if (!everyWindowTouches(count, window[0], window[1], window[3], window[4], window[5])) {
      throw shapeError(node, 'pads', 'windows that each cover an input element', `a kernel of ${effectiveKernel(window[3], window[5])} with padding ${window[1]} and ${window[2]} on axis ${axis + 2}`);
    }
  }
  return declared;
}

function gemmShape(node: GraphNode & { op: 'Gemm' }, a: readonly number[], b: readonly number[], c: readonly number[] | undefined): number[] {
  checkRank(node, 'a', a, 2);
  checkRank(node, 'b', b, 2);
  const [m, k] = (node.attributes.transA ? [a[1], a[0]] : a) as [number, number];
  const [kb, n] = (node.attributes.transB ? [b[1], b[0]] : b) as [number, number];
  if (k !== kb) throw shapeError(node, 'b', `an inner dimension of ${k}`, String(kb));
  const merged = c === undefined ? [m, n] : broadcastShapes(c, [m, n]);
  if (merged === undefined || !sameShape(merged, [m, n])) throw shapeError(node, 'c', `a shape that broadcasts to ${showShape([m, n])}`, showShape(c!));
  return [m, n];
}

function matMulShape(node: GraphNode, a: readonly number[], b: readonly number[]): number[] {
  if (a.length === 0 || b.length === 0) throw shapeError(node, a.length === 0 ? 'a' : 'b', 'rank 1 at least', 'a scalar');
  const left = a.length === 1 ? [1, a[0]!] : a;
  const right = b.length === 1 ? [b[0]!, 1] : b;
  const k = left.at(-1)!;
  if (right.at(-2) !== k) throw shapeError(node, 'b', `an inner dimension of ${k}`, showShape(b));
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  if (batch === undefined) throw shapeError(node, 'b', `leading axes that broadcast with ${showShape(a)}`, showShape(b));
  return [...batch, ...(a.length === 1 ? [] : [left.at(-2)!]), ...(b.length === 1 ? [] : [right.at(-1)!])];
}

function batchNormShape(node: GraphNode, x: readonly number[], inputs: readonly (ValueInfo | undefined)[]): readonly number[] {
  if (x.length < 2) throw shapeError(node, 'x', 'rank 2 at least', showShape(x));
  ['gamma', 'beta', 'mean', 'variance'].forEach((argument, index) => {
    const shape = required(node, inputs, index + 1).shape;
    if (!sameShape(shape, [x[1]!])) throw shapeError(node, argument, showShape([x[1]!]), showShape(shape));
  });
  return x;
}

function addShape(node: GraphNode, a: readonly number[], b: readonly number[]): number[] {
  const shape = broadcastShapes(a, b);
  if (shape === undefined) throw shapeError(node, 'b', `a shape that broadcasts with ${showShape(a)}`, showShape(b));
  return shape;
}

function reduceShape(node: GraphNode, axes: readonly number[], keepdims: boolean, x: readonly number[]): number[] {
  for (const axis of axes) checkAxis(node, axis, x.length);
  if (new Set(axes).size !== axes.length) throw shapeError(node, 'axes', 'distinct axes', showShape(axes));
  const reduced = x.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return keepdims ? reduced : reduced.filter((_, axis) => !axes.includes(axis));
}

function concatShape(node: GraphNode, axis: number, inputs: readonly (ValueInfo | undefined)[]): number[] {
  const shape = [...required(node, inputs, 0).shape];
  checkAxis(node, axis, shape.length);
  for (let index = 1; index < inputs.length; index++) {
    const other = required(node, inputs, index).shape;
    const fits = other.length === shape.length && other.every((dim, a) => a === axis || dim === shape[a]);
    if (!fits) throw shapeError(node, `inputs[${index}]`, `${showShape(shape)} but for axis ${axis}`, showShape(other));
    shape[axis]! += other[axis]!;
  }
  return shape;
}

function reshapeShape(node: GraphNode, shape: readonly number[], x: readonly number[]): readonly number[] {
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0) || elementCount(shape) !== elementCount(x)) {
    throw shapeError(node, 'shape', `${elementCount(x)} elements as in ${showShape(x)}`, showShape(shape));
  }
  return shape;
}

function transposeShape(node: GraphNode, perm: readonly number[], x: readonly number[]): number[] {
  const sorted = [...perm].sort((a, b) => a - b);
  if (perm.length !== x.length || sorted.some((axis, index) => axis !== index)) throw shapeError(node, 'perm', `a permutation of ${x.length} axes`, showShape(perm));
  return perm.map((axis) => x[axis]!);
}

function sliceShape(node: GraphNode, attributes: { starts: readonly number[]; steps: readonly number[] }, x: readonly number[], declared: readonly number[] | undefined): readonly number[] {
  const { starts, steps } = attributes;
  if (declared === undefined) throw shapeError(node, 'output', 'a declared shape', 'none');
  if (starts.length !== x.length || steps.length !== x.length || declared.length !== x.length) {
    throw shapeError(node, 'starts', `one entry for each of ${x.length} axes`, showShape(starts));
  }
  x.forEach((dim, axis) => {
    const count = declared[axis]!;
    if (count === 0) return;
    const first = starts[axis]!;
    const last = first + (count - 1) * steps[axis]!;
    const inside = Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first < dim && last >= 0 && last < dim;
    if (steps[axis] === 0 || !inside) throw shapeError(node, 'starts', `positions inside axis ${axis} of ${showShape(x)}`, `${first} to ${last}`);
  });
  return declared;
}

function padShape(node: GraphNode, attributes: { before: readonly number[]; after: readonly number[] }, x: readonly number[]): number[] {
  const { before, after } = attributes;
  const valid = (list: readonly number[]) => list.length === x.length && list.every((v) => Number.isInteger(v) && v >= 0);
  if (!valid(before)) throw shapeError(node, 'before', `${x.length} integers of 0 or more`, showShape(before));
  if (!valid(after)) throw shapeError(node, 'after', `${x.length} integers of 0 or more`, showShape(after));
  return x.map((dim, axis) => dim + before[axis]! + after[axis]!);
}

function gatherShape(node: GraphNode, attributes: { axis: number; indices: readonly number[]; indicesShape: readonly number[] }, x: readonly number[]): number[] {
  const { axis, indices, indicesShape } = attributes;
  checkAxis(node, axis, x.length);
  if (indices.length !== elementCount(indicesShape)) throw shapeError(node, 'indices', `${elementCount(indicesShape)} indices`, String(indices.length));
  const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= x[axis]!);
  if (wrong !== undefined) throw shapeError(node, 'indices', `indices in [0, ${x[axis]})`, String(wrong));
  return [...x.slice(0, axis), ...indicesShape, ...x.slice(axis + 1)];
}
