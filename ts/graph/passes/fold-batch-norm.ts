import type { GraphEditor } from '../editor.js';
import type { Constant, GraphNode } from '../graph.js';
import { gemmBias } from './gemm-bias.js';
import type { Rewrite } from './rewrite.js';

type ConvNode = GraphNode & { op: 'Conv' };
type GemmNode = GraphNode & { op: 'Gemm' };

/** y = x·g + h, per channel (SPEC 4.2). */
interface Affine {
  readonly g: Float32Array;
  readonly h: Float32Array;
}

/** Batch norm after a Conv or Gemm of constant weights goes into weights and bias: w·g, b·g + h, each step f32 (SPEC 4.2). */
export const foldBatchNorm: Rewrite = (node, editor) => {
  if (node.op !== 'BatchNormalization') return false;
  const producer = editor.soleProducer(node.inputs[0]!);
  if (producer === undefined || (producer.op !== 'Conv' && producer.op !== 'Gemm') || producer.bounds !== undefined) return false;
  const affine = batchNormAffine(node, editor);
  if (affine === undefined) return false;
  const folded = producer.op === 'Conv' ? foldIntoConv(producer, affine, editor) : foldIntoGemm(producer, affine, editor);
  if (folded === undefined) return false;
  editor.fuse(producer, node, { ...folded, outputs: node.outputs, ...(node.bounds === undefined ? {} : { bounds: node.bounds }) });
  return true;
};

/** g and h of a batch norm whose parameters are constants. */
export function batchNormAffine(node: GraphNode & { op: 'BatchNormalization' }, editor: GraphEditor): Affine | undefined {
  const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => editor.constant(name)?.data);
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return undefined;
  const f = Math.fround;
  const g = Float32Array.from(gamma, (value, c) => f(value * f(1 / f(Math.sqrt(f(variance[c]! + node.attributes.epsilon))))));
  const h = Float32Array.from(beta, (value, c) => f(value - f(mean[c]! * g[c]!)));
  return { g, h };
}

/** Scales rows of `rowLength` elements by the factor of their channel. */
function scaleRows(weight: Constant, rowLength: number, g: Float32Array): Constant {
  return { ...weight, data: Float32Array.from(weight.data, (value, index) => value * g[Math.floor(index / rowLength)]!) };
}

/** b·g + h in f32; h where there is no bias. */
function moveBias(bias: ArrayLike<number> | undefined, { g, h }: Affine): Float32Array {
  return bias === undefined ? h : h.map((value, c) => Math.fround(bias[c]! * g[c]!) + value);
}

function foldIntoConv(conv: ConvNode, affine: Affine, editor: GraphEditor): ConvNode | undefined {
  const weight = editor.constant(conv.inputs[1]);
  const biasName = conv.inputs[2] ?? '';
  const bias = editor.constant(biasName);
  if (weight === undefined || (biasName !== '' && bias === undefined)) return undefined;
  const rowLength = weight.data.length / weight.shape[0]!;
  const folded = scaleRows(weight, rowLength, affine.g);
  const moved: Constant = { dtype: 'f32', shape: [weight.shape[0]!], data: moveBias(bias?.data, affine) };
  return { ...conv, inputs: [conv.inputs[0]!, editor.addConstant(`${conv.name}/weight`, folded), editor.addConstant(`${conv.name}/bias`, moved)] };
}

function foldIntoGemm(gemm: GemmNode, affine: Affine, editor: GraphEditor): GemmNode | undefined {
  const weight = editor.constant(gemm.inputs[1]);
  const channels = affine.g.length;
  const bias = gemmBias(gemm, channels, editor);
  if (weight === undefined || bias === 'not per column') return undefined;
  const folded = gemm.attributes.transB
    ? scaleRows(weight, weight.shape[1]!, affine.g)
    : { ...weight, data: Float32Array.from(weight.data, (value, index) => value * affine.g[index % channels]!) };
  const moved: Constant = { dtype: 'f32', shape: [channels], data: moveBias(bias, affine) };
  const inputs = [gemm.inputs[0]!, editor.addConstant(`${gemm.name}/weight`, folded), editor.addConstant(`${gemm.name}/bias`, moved)];
  return { ...gemm, inputs, attributes: { ...gemm.attributes, beta: 1 } };
}
