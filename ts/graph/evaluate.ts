/** Evaluates the few GraphNodes that shape arithmetic and weight layout need, on constants: what import and passes fold away. */
import type { Constant, GraphNode } from './graph.js';
import { broadcastShapes, elementCount, rowMajorStrides } from './shape.js';

type Data = Constant['data'];

/** The node's output of shape `shape`, or undefined where this operator is not folded. Inputs have been checked by inferOutput. */
export function evaluateNode(node: GraphNode, inputs: readonly Constant[], shape: readonly number[]): Constant | undefined {
  const x = inputs[0];
  if (x === undefined) return undefined;
  switch (node.op) {
    case 'Reshape': return { dtype: x.dtype, shape, data: x.data };
    case 'Transpose': {
      const strides = rowMajorStrides(x.shape);
      return walk(x, shape, 0, node.attributes.perm.map((axis) => strides[axis]!));
    }
    case 'Slice': {
      const strides = rowMajorStrides(x.shape);
      const offset = node.attributes.starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
      return walk(x, shape, offset, node.attributes.steps.map((step, axis) => step * strides[axis]!));
    }
    case 'Concat': return concat(inputs, node.attributes.axis, shape);
    case 'Gather': return gather(x, node.attributes.axis, node.attributes.indices, shape);
    case 'Add': return inputs[1] === undefined || node.bounds !== undefined ? undefined : combine(x, inputs[1], (a, b) => a + b);
    case 'Relu': return x.dtype === 'f32' ? map(x, (v) => (v < 0 ? 0 : v)) : undefined;
    case 'Clip': {
      const { min, max } = node.attributes;
      return x.dtype === 'f32' ? map(x, (v) => Math.min(Math.max(v, min), max)) : undefined;
    }
    default: return undefined;
  }
}

/** Element-wise on two constants of one type with numpy broadcasting; f32 results are rounded once. The shapes must broadcast. */
export function combine(a: Constant, b: Constant, operation: (a: number, b: number) => number): Constant {
  const shape = broadcastShapes(a.shape, b.shape)!;
  const left = walk(a, shape, 0, broadcastStrides(a.shape, shape)).data;
  const right = walk(b, shape, 0, broadcastStrides(b.shape, shape)).data;
  const data = allocate(a.dtype, left.length);
  for (let i = 0; i < data.length; i++) data[i] = operation(left[i]!, right[i]!);
  return { dtype: a.dtype, shape, data };
}

/** Element-wise on one constant; f32 results are rounded once. */
export function map(x: Constant, operation: (x: number) => number): Constant {
  const data = allocate(x.dtype, x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = operation(x.data[i]!);
  return { dtype: x.dtype, shape: x.shape, data };
}

/** A strided read of `x` in row-major order of `shape`. */
function walk(x: Constant, shape: readonly number[], offset: number, strides: readonly number[]): Constant {
  const count = elementCount(shape);
  const data = allocate(x.dtype, count);
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let i = 0; i < count; i++) {
    data[i] = x.data[position]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype: x.dtype, shape, data };
}

function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = rowMajorStrides(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing]!));
}

function concat(inputs: readonly Constant[], axis: number, shape: readonly number[]): Constant {
  const dtype = inputs[0]!.dtype;
  const data = allocate(dtype, elementCount(shape));
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis));
  let offset = 0;
  for (const input of inputs) {
    const length = elementCount(input.shape.slice(axis));
    for (let o = 0; o < outer; o++) for (let i = 0; i < length; i++) data[o * inner + offset + i] = input.data[o * length + i]!;
    offset += length;
  }
  return { dtype, shape, data };
}

function gather(x: Constant, axis: number, indices: readonly number[], shape: readonly number[]): Constant {
  const outer = elementCount(x.shape.slice(0, axis));
  const inner = elementCount(x.shape.slice(axis + 1));
  const dim = x.shape[axis]!;
  const data = allocate(x.dtype, elementCount(shape));
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (const index of indices) for (let i = 0; i < inner; i++) data[to++] = x.data[(o * dim + index) * inner + i]!;
  }
  return { dtype: x.dtype, shape, data };
}

function allocate(dtype: Constant['dtype'], count: number): Float32Array | number[] {
  return dtype === 'f32' ? new Float32Array(count) : new Array<number>(count).fill(0);
}

/** A constant of `count` times one value. */
export function filled(dtype: Constant['dtype'], shape: readonly number[], value: number): Constant {
  return { dtype, shape, data: (allocate(dtype, elementCount(shape)) as number[]).fill(value) as Data };
}
