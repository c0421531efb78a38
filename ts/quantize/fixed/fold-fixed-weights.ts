import { GraphEditor } from '../../graph/editor.js';
import type { Constant, FakeQuantizeAttributes, Graph, GraphNode } from '../../graph/graph.js';
import { optimize } from '../../graph/optimize.js';
import { removeDeadNodes } from '../../graph/passes/remove-dead-nodes.js';
import { applyRewrite } from '../../graph/passes/rewrite.js';
import { quantizeFloat, scaleOf, shownConstant } from '../../graph/quantize-float.js';
import type { FixedWeights } from './fixed-codes.js';
import { settleConstants } from './settle-constants.js';

type LayerNode = Extract<GraphNode, { op: 'Conv' | 'Gemm' }>;

export interface FoldedGraph {
  /** Computes the same; weights are constants again and batch norm is in them. */
  readonly graph: Graph;
  /** By node name, for layers whose weights were behind a FakeQuantize. */
  readonly weights: ReadonlyMap<string, FixedWeights>;
}

/** Whether training has fixed codes somewhere in this network. */
export function hasFixedCodes(graph: Graph): boolean {
  return graph.nodes.some(({ op }) => op === 'FakeQuantize');
}

/**
 * Optimizes a network with fixed codes and makes each of its layers one Conv or Gemm: a batch norm behind quantized weights goes into a factor per channel,
 * beside the codes, never into them.
 */
export function foldFixedWeights(given: Graph): FoldedGraph {
  const weights = new Map<string, FixedWeights>();
  const editor = new GraphEditor(optimize(applyRewrite(given, settleConstants)));
  for (const node of editor.nodes()) {
    if (node.op !== 'Conv' && node.op !== 'Gemm') continue;
    const quantizer = editor.producer(node.inputs[1]!);
    if (quantizer?.op !== 'FakeQuantize') continue;
    const floats = editor.constant(quantizer.inputs[0]);
    const [lo, hi] = quantizer.attributes.range;
    const hasOpenBias = node.inputs[2] !== undefined && node.inputs[2] !== '' && editor.constant(node.inputs[2]) === undefined;
    if (floats === undefined || lo !== -hi || hasOpenBias || (node.op === 'Gemm' && !isPlain(node))) continue;
    weights.set(node.name, foldLayer(node, floats, quantizer.attributes, editor));
  }
  return { graph: applyRewrite(editor.finish(), removeDeadNodes), weights };
}

/** x · Wᵀ + b: other Gemms are left for the plan, which quantizes them anew. */
function isPlain({ attributes }: Extract<GraphNode, { op: 'Gemm' }>): boolean {
  return attributes.transB && !attributes.transA && attributes.alpha === 1 && attributes.beta === 1;
}

function foldLayer(node: LayerNode, floats: Constant, attributes: FakeQuantizeAttributes, editor: GraphEditor): FixedWeights {
  const { scale, range } = attributes;
  const channels = floats.shape[0]!;
  const norm = batchNormBehind(node, editor);
  const affine = norm === undefined ? undefined : affineOf(norm, editor);
  const bias = editor.constant(node.inputs[2])?.data;
  const size = floats.data.length / channels;
  const codes = Int8Array.from(floats.data, (w, i) => quantizeFloat(w, scaleOf(attributes, floats.shape, i), 0, range));
  const gains = affine?.g ?? new Float64Array(channels).fill(1);
  const folded = Float32Array.from(shownConstant(floats, attributes).data, (w, i) => w * gains[Math.floor(i / size)]!);
  const inputs = [node.inputs[0]!, editor.addConstant(`${node.name}/weight`, { ...floats, data: folded })];
  if (affine !== undefined || bias !== undefined) {
    const moved = Float32Array.from({ length: channels }, (_, c) => (bias?.[bias.length === 1 ? 0 : c] ?? 0) * gains[c]! + (affine?.h[c] ?? 0));
    inputs.push(editor.addConstant(`${node.name}/bias`, { dtype: 'f32', shape: [channels], data: moved }));
  }
  if (norm === undefined) editor.replace(node, { ...node, inputs });
  else editor.fuse(node, norm, { ...node, inputs, outputs: norm.outputs, ...(norm.bounds === undefined ? {} : { bounds: norm.bounds }) });
  const levels = range[1];
  return typeof scale === 'number' ? { codes, scale, levels, factors: gains } : { codes, scale: 1, levels, factors: gains.map((gain, c) => gain * scale[c]!) };
}

function batchNormBehind(node: LayerNode, editor: GraphEditor): Extract<GraphNode, { op: 'BatchNormalization' }> | undefined {
  const [reader] = editor.readers(node.outputs[0]!);
  if (reader?.op !== 'BatchNormalization' || editor.soleProducer(reader.inputs[0]!) !== node || node.bounds !== undefined) return undefined;
  return reader.inputs.slice(1).every((name) => editor.constant(name) !== undefined) ? reader : undefined;
}

/** y = x·g + h in float64: multipliers and bias are rounded once, from these. */
function affineOf(node: Extract<GraphNode, { op: 'BatchNormalization' }>, editor: GraphEditor): { g: Float64Array; h: Float64Array } {
  const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => editor.constant(name)!.data) as [Constant['data'], Constant['data'], Constant['data'], Constant['data']];
  const g = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance[c]! + node.attributes.epsilon));
  return { g, h: Float64Array.from(beta, (value, c) => value - mean[c]! * g[c]!) };
}
