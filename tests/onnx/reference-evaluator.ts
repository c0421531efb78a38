/** A Graph evaluated as plainly as possible, in double precision, for tests: no relation to the kernels. */
import { evaluateNode } from '../../ts/graph/evaluate.js';
import type { Bounds, Constant, Graph, GraphNode } from '../../ts/graph/graph.js';
import { fakeQuantize } from '../../ts/graph/quantize-float.js';
import { broadcastShapes, elementCount, rowMajorStrides } from '../../ts/graph/shape.js';

interface Value {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Every value of the graph for these inputs. */
export function evaluateGraph(graph: Graph, inputs: ReadonlyMap<string, ArrayLike<number>>): Map<string, Value> {
  const values = new Map<string, Value>(graph.constants);
  for (const name of graph.inputs) values.set(name, { shape: graph.values.get(name)!.shape, data: inputs.get(name)! });
  for (const node of graph.nodes) {
    const output = node.outputs[0]!;
    const shape = graph.values.get(output)!.shape;
    const data = clamp(evaluate(node, node.inputs.map((name) => values.get(name)!), shape), 'bounds' in node ? node.bounds : undefined);
    values.set(output, { shape, data });
  }
  return values;
}

function clamp(data: ArrayLike<number>, bounds: Bounds | undefined): ArrayLike<number> {
  return bounds === undefined ? data : Array.from(data, (v) => Math.min(Math.max(v, bounds.lo), bounds.hi));
}

function evaluate(node: GraphNode, inputs: readonly Value[], shape: readonly number[]): ArrayLike<number> {
  const [x, y, z] = inputs as [Value, Value, Value];
  switch (node.op) {
    case 'Conv': return conv(node.attributes, x, y, z, shape);
    case 'Gemm': return gemm(node.attributes, x, y, z, shape);
    case 'MatMul': return matMul(x, y, shape);
    case 'BatchNormalization': return batchNorm(node.attributes.epsilon, inputs);
    case 'Add': return add(x, y, shape);
    case 'Relu': return Array.from(x.data, (v) => Math.max(v, 0));
    case 'Clip': return Array.from(x.data, (v) => Math.min(Math.max(v, node.attributes.min), node.attributes.max));
    case 'FakeQuantize': return Array.from(x.data, (v) => fakeQuantize(v, node.attributes));
    case 'MaxPool':
    case 'AveragePool': return pool(node, x, shape);
    case 'ReduceMean': return reduceMean(node.attributes.axes, x, shape);
    case 'Softmax': return softmax(node.attributes.axis, x);
    case 'Pad': return pad(node.attributes, x, shape);
    default: {
      const constants = inputs.map((value): Constant => ({ dtype: 'i64', shape: value.shape, data: Array.from(value.data) }));
      return evaluateNode(node, constants, shape)!.data;
    }
  }
}

/** Calls back with every index of `shape` and its row-major position. */
function each(shape: readonly number[], visit: (index: readonly number[], position: number) => void): void {
  const strides = rowMajorStrides(shape);
  for (let position = 0; position < elementCount(shape); position++) visit(shape.map((dim, axis) => Math.floor(position / strides[axis]!) % dim), position);
}

function at(value: Value, index: readonly number[]): number {
  const strides = rowMajorStrides(value.shape);
  return value.data[index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)]!;
}

/** Reads with numpy broadcasting: `index` belongs to a shape of at least the value's rank. */
function broadcastAt(value: Value, index: readonly number[]): number {
  const own = index.slice(index.length - value.shape.length);
  return at(value, own.map((i, axis) => (value.shape[axis] === 1 ? 0 : i)));
}

function conv(a: (GraphNode & { op: 'Conv' })['attributes'], x: Value, w: Value, b: Value | undefined, shape: readonly number[]): number[] {
  const [, c, h, width] = x.shape as [number, number, number, number];
  const [oc, icg] = w.shape as [number, number];
  const out: number[] = [];
  const { kernel, stride, pads, dilation, groups } = a;
  for (let n = 0; n < shape[0]!; n++) for (let o = 0; o < oc; o++) for (let oy = 0; oy < shape[2]!; oy++) for (let ox = 0; ox < shape[3]!; ox++) {
    const group = Math.floor((o * groups) / oc);
    let sum = b === undefined ? 0 : b.data[o]!;
    for (let i = 0; i < icg; i++) for (let ky = 0; ky < kernel[0]; ky++) for (let kx = 0; kx < kernel[1]; kx++) {
      const y = oy * stride[0] + ky * dilation[0] - pads[0];
      const xx = ox * stride[1] + kx * dilation[1] - pads[1];
      if (y < 0 || y >= h || xx < 0 || xx >= width) continue;
      sum += x.data[((n * c + group * icg + i) * h + y) * width + xx]! * w.data[((o * icg + i) * kernel[0] + ky) * kernel[1] + kx]!;
    }
    out.push(sum);
  }
  return out;
}

function gemm(a: (GraphNode & { op: 'Gemm' })['attributes'], x: Value, w: Value, c: Value | undefined, shape: readonly number[]): number[] {
  const out: number[] = [];
  const k = a.transA ? x.shape[0]! : x.shape[1]!;
  each(shape, (index) => {
    const [m, n] = index as [number, number];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += at(x, a.transA ? [i, m] : [m, i]) * at(w, a.transB ? [n, i] : [i, n]);
    out.push(a.alpha * sum + (c === undefined ? 0 : a.beta * broadcastAt(c, index)));
  });
  return out;
}

function matMul(x: Value, y: Value, shape: readonly number[]): number[] {
  const left = x.shape.length === 1 ? { shape: [1, ...x.shape], data: x.data } : x;
  const right = y.shape.length === 1 ? { shape: [...y.shape, 1], data: y.data } : y;
  const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2))!;
  const full = [...batch, left.shape.at(-2)!, right.shape.at(-1)!];
  const out: number[] = [];
  each(full, (index) => {
    const lead = index.slice(0, -2);
    let sum = 0;
    for (let k = 0; k < left.shape.at(-1)!; k++) sum += broadcastAt(left, [...lead, index.at(-2)!, k]) * broadcastAt(right, [...lead, k, index.at(-1)!]);
    out.push(sum);
  });
  if (out.length !== elementCount(shape)) throw new Error('MatMul shape');
  return out;
}

function batchNorm(epsilon: number, [x, gamma, beta, mean, variance]: readonly Value[]): number[] {
  const inner = elementCount(x!.shape.slice(2));
  return Array.from(x!.data, (v, i) => {
    const c = Math.floor(i / inner) % x!.shape[1]!;
    return ((v - mean!.data[c]!) / Math.sqrt(variance!.data[c]! + epsilon)) * gamma!.data[c]! + beta!.data[c]!;
  });
}

function add(x: Value, y: Value, shape: readonly number[]): number[] {
  const out: number[] = [];
  each(shape, (index) => out.push(broadcastAt(x, index) + broadcastAt(y, index)));
  return out;
}

function pool(node: GraphNode & { op: 'MaxPool' | 'AveragePool' }, x: Value, shape: readonly number[]): number[] {
  const { kernel, stride, pads, dilation, countIncludePad } = node.attributes;
  const [, c, h, w] = x.shape as [number, number, number, number];
  const out: number[] = [];
  for (let n = 0; n < shape[0]!; n++) for (let k = 0; k < c; k++) for (let oy = 0; oy < shape[2]!; oy++) for (let ox = 0; ox < shape[3]!; ox++) {
    let sum = 0;
    let max = -Infinity;
    let inside = 0;
    let padded = 0;
    for (let ky = 0; ky < kernel[0]; ky++) for (let kx = 0; kx < kernel[1]; kx++) {
      const y = oy * stride[0] + ky * dilation[0] - pads[0];
      const xx = ox * stride[1] + kx * dilation[1] - pads[1];
      if (y < h + pads[2] && xx < w + pads[3]) padded++;
      if (y < 0 || y >= h || xx < 0 || xx >= w) continue;
      const value = x.data[((n * c + k) * h + y) * w + xx]!;
      inside++;
      sum += value;
      max = Math.max(max, value);
    }
    out.push(node.op === 'MaxPool' ? max : sum / (countIncludePad ? padded : inside));
  }
  return out;
}

function reduceMean(axes: readonly number[], x: Value, shape: readonly number[]): number[] {
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const strides = rowMajorStrides(kept);
  const sums = new Array<number>(elementCount(shape)).fill(0);
  each(x.shape, (index, position) => {
    sums[index.reduce((sum, i, axis) => sum + (axes.includes(axis) ? 0 : i * strides[axis]!), 0)]! += x.data[position]!;
  });
  return sums.map((sum) => (sum * sums.length) / x.data.length);
}

function softmax(axis: number, x: Value): number[] {
  const out = new Array<number>(x.data.length).fill(0);
  const inner = elementCount(x.shape.slice(axis + 1));
  const size = x.shape[axis]!;
  for (let o = 0; o < x.data.length / (size * inner); o++) for (let i = 0; i < inner; i++) {
    const positions = Array.from({ length: size }, (_, k) => (o * size + k) * inner + i);
    const max = Math.max(...positions.map((p) => x.data[p]!));
    const exps = positions.map((p) => Math.exp(x.data[p]! - max));
    const total = exps.reduce((sum, e) => sum + e, 0);
    positions.forEach((p, k) => (out[p] = exps[k]! / total));
  }
  return out;
}

function pad(a: (GraphNode & { op: 'Pad' })['attributes'], x: Value, shape: readonly number[]): number[] {
  const out: number[] = [];
  each(shape, (index) => {
    const source = index.map((i, axis) => i - a.before[axis]!);
    out.push(source.every((i, axis) => i >= 0 && i < x.shape[axis]!) ? at(x, source) : a.value);
  });
  return out;
}
