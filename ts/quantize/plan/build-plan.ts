import { DyadicError } from '../../errors.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import type { FixedWeights } from '../fixed/fixed-codes.js';
import { carryCodes } from '../fixed/carry-codes.js';
import { planAddConstant, planBatchNormalization, planConv, planGemm, planMatMul } from './linear-nodes.js';
import type { Plan } from './plan.js';
import { UNBOUNDED } from './plan.js';
import { PlanWriter, Unsupported } from './plan-writer.js';
import { planGather, planReduceMean } from './shape-nodes.js';

/**
 * Rewrites the Graph in the operations of SPEC 3. `fixed`: weights whose codes are given, by node name.
 * Throws one ERR_QUANTIZE_UNSUPPORTED that lists every node without an integer counterpart.
 */
export function buildPlan(graph: Graph, fixed: ReadonlyMap<string, FixedWeights> = new Map()): Plan {
  const writer = new PlanWriter(graph, fixed);
  const problems: string[] = [];
  const softmax = softmaxTails(graph);
  for (const node of graph.nodes) {
    if (softmax.has(node.outputs[0]!)) continue;
    try {
      planNode(writer, node);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      problems.push(`node "${node.name}" (${node.op}): ${error.message}`);
    }
  }
  const outputs = graph.outputs.map((name) => {
    const tail = softmax.get(name);
    return { name, value: tail?.value ?? name, softmax: tail?.axis ?? null };
  });
  for (const { name, value } of outputs) if (graph.constants.has(value)) problems.push(`output "${name}" is a constant`);
  if (problems.length > 0) {
    throw new DyadicError('ERR_QUANTIZE_UNSUPPORTED', {
      op: 'quantize', argument: graph.name, expected: 'operations with an integer counterpart', received: `${problems.length} without one`, details: problems,
    });
  }
  return carryCodes({ name: graph.name, inputs: graph.inputs, outputs, nodes: writer.nodes, shapes: writer.shapes, codes: writer.codes, shown: new Map() });
}

/** Softmax nodes that are the last operation of an output: they stay in floating point behind the codes (SPEC 3.8). */
function softmaxTails(graph: Graph): Map<string, { value: string; axis: number }> {
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const tails = new Map<string, { value: string; axis: number }>();
  for (const node of graph.nodes) {
    const output = node.outputs[0]!;
    if (node.op !== 'Softmax' || read.has(output) || !graph.outputs.includes(output)) continue;
    const rank = graph.values.get(output)?.shape.length ?? 0;
    tails.set(output, { value: node.inputs[0]!, axis: node.attributes.axis < 0 ? node.attributes.axis + rank : node.attributes.axis });
  }
  return tails;
}

function planNode(writer: PlanWriter, node: GraphNode): void {
  const output = node.outputs[0]!;
  switch (node.op) {
    case 'Conv':
      return planConv(writer, node);
    case 'Gemm':
      return planGemm(writer, node);
    case 'MatMul':
      return planMatMul(writer, node);
    case 'BatchNormalization':
      return planBatchNormalization(writer, node);
    case 'Add':
      return planAdd(writer, node);
    case 'ReduceMean':
      return planReduceMean(writer, node);
    case 'Gather':
      return planGather(writer, node);
    case 'Softmax':
      throw new Unsupported('softmax is allowed only as the last operation of an output');
    case 'FakeQuantize':
      return planFakeQuantize(writer, node);
    case 'Concat':
      return planConcat(writer, node);
    default:
      writer.push(node.name, unaryOp(writer, node), [writer.value(node, 0)], output, boundsOf(node));
  }
}

function planFakeQuantize(writer: PlanWriter, node: Extract<GraphNode, { op: 'FakeQuantize' }>): void {
  const { scale, range } = node.attributes;
  if (typeof scale !== 'number') throw new Unsupported(`${scale.length} scales for the codes of a value`);
  const output = node.outputs[0]!;
  writer.codes.set(output, { scale, range });
  writer.push(node.name, { kind: 'quantize' }, [writer.value(node, 0)], output);
}

type UnaryNode = Extract<GraphNode, { op: 'Relu' | 'Clip' | 'MaxPool' | 'AveragePool' | 'Reshape' | 'Transpose' | 'Slice' | 'Pad' }>;

function boundsOf(node: UnaryNode): { lo: number; hi: number } {
  if (node.op === 'Relu') return { lo: 0, hi: Infinity };
  return node.op === 'Clip' ? { lo: node.attributes.min, hi: node.attributes.max } : UNBOUNDED;
}

function unaryOp(writer: PlanWriter, node: UnaryNode): Plan['nodes'][number]['op'] {
  switch (node.op) {
    case 'Relu':
    case 'Clip':
      return { kind: 'clip' };
    case 'MaxPool':
      requireRank4(writer, node);
      return { kind: 'max_pool', attributes: node.attributes };
    case 'AveragePool':
      requireRank4(writer, node);
      if (node.attributes.dilation.some((d) => d !== 1)) throw new Unsupported(`dilations = [${node.attributes.dilation.join(', ')}]`);
      return { kind: 'average_pool', attributes: node.attributes };
    case 'Reshape':
      return { kind: 'reshape' };
    case 'Transpose':
      return { kind: 'transpose', perm: node.attributes.perm };
    case 'Slice':
      return { kind: 'slice', starts: node.attributes.starts, steps: node.attributes.steps };
    case 'Pad':
      if (!Number.isFinite(node.attributes.value)) throw new Unsupported(`a padding value of ${node.attributes.value}`);
      return { kind: 'pad', before: node.attributes.before, after: node.attributes.after, value: node.attributes.value };
  }
}

function requireRank4(writer: PlanWriter, node: UnaryNode): void {
  const rank = writer.shapeOf(writer.value(node, 0)).length;
  if (rank !== 4) throw new Unsupported(`an input of rank ${rank}`);
}

function planAdd(writer: PlanWriter, node: Extract<GraphNode, { op: 'Add' }>): void {
  const [a = '', b = ''] = node.inputs;
  if (writer.constant(b)) return planAddConstant(writer, node, writer.value(node, 0), 1);
  if (writer.constant(a)) return planAddConstant(writer, node, writer.value(node, 1), 0);
  const [left, right] = [writer.shapeOf(a), writer.shapeOf(b)];
  const output = writer.shapeOf(node.outputs[0]!);
  for (const shape of [left, right]) {
    const same = shape.reduce((x, y) => x * y, 1) === output.reduce((x, y) => x * y, 1);
    if (!same) throw new Unsupported(`operands of shapes [${left.join(', ')}] and [${right.join(', ')}]`);
  }
  const shaped = [a, b].map((name, i) => {
    const shape = i === 0 ? left : right;
    return shape.length === output.length ? name : writer.reshape(node.name, name, output);
  });
  writer.push(node.name, { kind: 'add' }, shaped, node.outputs[0]!, node.bounds ?? UNBOUNDED);
}

function planConcat(writer: PlanWriter, node: Extract<GraphNode, { op: 'Concat' }>): void {
  const inputs = node.inputs.map((_, i) => writer.value(node, i));
  const rank = writer.shapeOf(node.outputs[0]!).length;
  const axis = node.attributes.axis < 0 ? node.attributes.axis + rank : node.attributes.axis;
  if (inputs.length === 1) writer.push(node.name, { kind: 'reshape' }, inputs, node.outputs[0]!);
  else writer.push(node.name, { kind: 'concat', axis }, inputs, node.outputs[0]!);
}
