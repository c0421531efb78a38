import type { GraphNode } from '../../graph/graph.js';
import type { LinearOp } from './plan.js';
import { UNBOUNDED } from './plan.js';
import { type PlanWriter, Unsupported } from './plan-writer.js';

const DENSE = { kind: 'linear', form: 'dense', stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1, elementwise: false, fixed: null } as const;

type Of<Op extends GraphNode['op']> = Extract<GraphNode, { op: Op }>;

/** A constant's numbers as float64, or undefined when the input is absent. */
function numbers(writer: PlanWriter, node: GraphNode, index: number, what: string): { shape: readonly number[]; data: Float64Array } | undefined {
  const name = node.inputs[index];
  if (name === undefined || name === '') return undefined;
  const constant = writer.constant(name);
  if (!constant) throw new Unsupported(`${what} is not a constant`);
  const data = Float64Array.from(constant.data);
  if (data.some((x) => !Number.isFinite(x))) throw new Unsupported(`${what} holds NaN or infinity`);
  return { shape: constant.shape, data };
}

function required<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Unsupported(`${what} is missing`);
  return found;
}

export function planConv(writer: PlanWriter, node: Of<'Conv'>): void {
  const input = writer.value(node, 0);
  const weight = required(numbers(writer, node, 1, 'the weight'), 'the weight');
  const bias = numbers(writer, node, 2, 'the bias');
  const { stride, pads, dilation, groups } = node.attributes;
  const op: LinearOp = { kind: 'linear', form: 'conv2d', weightShape: weight.shape, weight: weight.data, bias: bias?.data ?? null, stride, pads, dilation, groups, elementwise: false, fixed: writer.fixedWeights(node.name) };
  writer.push(node.name, op, [input], node.outputs[0]!, node.bounds ?? UNBOUNDED);
}

/** alpha·A·B' + beta·C, with alpha in the weights and beta·C in the bias. */
export function planGemm(writer: PlanWriter, node: Of<'Gemm'>): void {
  const { alpha, beta, transA, transB } = node.attributes;
  const input = writer.value(node, 0);
  const [rows = 1, columns = 1] = writer.shapeOf(input);
  if (transA && !(rows === 1 && columns === 1)) throw new Unsupported('transA = 1');
  const b = required(numbers(writer, node, 1, 'B'), 'B');
  const [k, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  const weight = new Float64Array(n * k);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < k; i++) weight[row * k + i] = alpha * b.data[transB ? row * k + i : i * n + row]!;
  }
  const c = numbers(writer, node, 2, 'C');
  const op: LinearOp = { ...DENSE, weightShape: [n, k], weight, bias: c ? broadcastBias(c, n, beta) : null, fixed: writer.fixedWeights(node.name) };
  writer.push(node.name, op, [input], node.outputs[0]!, node.bounds ?? UNBOUNDED);
}

function broadcastBias(c: { shape: readonly number[]; data: Float64Array }, n: number, beta: number): Float64Array {
  if (c.data.length !== 1 && !(c.data.length === n && (c.shape[c.shape.length - 1] ?? 1) === n)) throw new Unsupported(`C of shape [${c.shape.join(', ')}] is no bias per column`);
  return Float64Array.from({ length: n }, (_, i) => beta * c.data[c.data.length === 1 ? 0 : i]!);
}

export function planMatMul(writer: PlanWriter, node: Of<'MatMul'>): void {
  const input = writer.value(node, 0);
  const b = required(numbers(writer, node, 1, 'the second operand'), 'the second operand');
  if (b.shape.length !== 2) throw new Unsupported(`a second operand of rank ${b.shape.length}`);
  const [k, n] = [b.shape[0]!, b.shape[1]!];
  if (writer.shapeOf(input).length < 2) throw new Unsupported('a first operand of rank 1');
  const weight = new Float64Array(n * k);
  for (let row = 0; row < n; row++) for (let i = 0; i < k; i++) weight[row * k + i] = b.data[i * n + row]!;
  writer.push(node.name, { ...DENSE, weightShape: [n, k], weight, bias: null }, [input], node.outputs[0]!, node.bounds ?? UNBOUNDED);
}

/** A batch norm that found no convolution to fold into: one multiplication and one addition per channel. */
export function planBatchNormalization(writer: PlanWriter, node: Of<'BatchNormalization'>): void {
  const input = writer.value(node, 0);
  const [gamma, beta, mean, variance] = ['scale', 'B', 'mean', 'var'].map((what, i) => required(numbers(writer, node, i + 1, what), what).data) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const factor = gamma.map((g, c) => g / Math.sqrt(variance[c]! + node.attributes.epsilon));
  const offset = beta.map((b, c) => b - mean[c]! * factor[c]!);
  pushPerChannel(writer, node, input, factor, offset);
}

/** Adding a constant that could not be folded away: a bias per channel if it broadcasts so, else per element. */
export function planAddConstant(writer: PlanWriter, node: Of<'Add'>, input: string, constantIndex: number): void {
  const constant = required(numbers(writer, node, constantIndex, 'the constant'), 'the constant');
  const shape = writer.shapeOf(input);
  const output = writer.shapeOf(node.outputs[0]!);
  if (shape.length !== output.length || shape.some((n, i) => n !== output[i])) throw new Unsupported('a constant that broadcasts the value to a larger shape');
  const axis = perChannelAxis(constant.shape, shape);
  const full = axis === undefined;
  const channels = full ? shape.reduce((a, b) => a * b, 1) : shape[1]!;
  const spread = full ? broadcastTo(constant, shape) : Float64Array.from({ length: channels }, (_, c) => constant.data[constant.data.length === 1 ? 0 : c]!);
  pushPerChannel(writer, node, input, new Float64Array(channels).fill(1), spread);
}

/** 1 when the constant varies along axis 1 of the value's shape at most, else undefined. */
function perChannelAxis(constant: readonly number[], shape: readonly number[]): 1 | undefined {
  if (shape.length < 2) return undefined;
  const aligned = shape.map((_, i) => constant[i - (shape.length - constant.length)] ?? 1);
  return aligned.every((n, i) => n === 1 || i === 1) ? 1 : undefined;
}

function broadcastTo(constant: { shape: readonly number[]; data: Float64Array }, shape: readonly number[]): Float64Array {
  const rank = shape.length;
  const aligned = shape.map((_, i) => constant.shape[i - (rank - constant.shape.length)] ?? 1);
  const out = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (let flat = 0; flat < out.length; flat++) {
    let rest = flat;
    let source = 0;
    let stride = 1;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const position = rest % shape[axis]!;
      rest = (rest - position) / shape[axis]!;
      if (aligned[axis] !== 1) source += position * stride;
      stride *= aligned[axis]!;
    }
    out[flat] = constant.data[source]!;
  }
  return out;
}

/** x·factor[c] + offset[c] as a 1×1 depthwise convolution; values of other ranks are reshaped to four axes and back. */
function pushPerChannel(writer: PlanWriter, node: GraphNode & { readonly bounds?: { lo: number; hi: number } }, input: string, factor: Float64Array, offset: Float64Array): void {
  const shape = writer.shapeOf(input);
  const channels = factor.length;
  const rest = shape.reduce((a, b) => a * b, 1) / channels;
  const direct = shape.length === 4 && shape[1] === channels;
  const flat = [1, channels, rest, 1];
  const x = direct ? input : writer.reshape(node.name, input, flat);
  const y = direct ? node.outputs[0]! : writer.fresh(`${node.outputs[0]!}.flat`, flat);
  const op: LinearOp = {
    kind: 'linear', form: 'conv2d', weightShape: [channels, 1, 1, 1], weight: factor, bias: offset,
    stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: channels, elementwise: true, fixed: null,
  };
  writer.push(node.name, op, [x], y, node.bounds ?? UNBOUNDED);
  if (!direct) writer.push(`${node.name}.reshape`, { kind: 'reshape' }, [y], node.outputs[0]!);
}
