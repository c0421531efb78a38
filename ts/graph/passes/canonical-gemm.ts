import type { GraphEditor } from '../editor.js';
import type { Constant, GraphNode } from '../graph.js';
import { gemmBias } from './gemm-bias.js';
import type { Rewrite } from './rewrite.js';

/**
 * A dense layer in the form that a dense kernel eats: x · Wᵀ + b with W [N, K], b [N], alpha = beta = 1. A MatMul of rank 2 by a constant becomes a
 * Gemm; the constant operands of a Gemm are transposed and scaled.
 */
export const canonicalGemm: Rewrite = (node, editor) => {
  const canonical = node.op === 'MatMul' ? fromMatMul(node, editor) : node.op === 'Gemm' ? fromGemm(node, editor) : undefined;
  if (canonical === undefined) return false;
  editor.replace(node, canonical);
  return true;
};

function fromMatMul(node: GraphNode & { op: 'MatMul' }, editor: GraphEditor): GraphNode | undefined {
  const weight = editor.constant(node.inputs[1]);
  if (weight === undefined || weight.shape.length !== 2 || editor.shape(node.inputs[0]!).length !== 2) return undefined;
  return { ...node, op: 'Gemm', attributes: { alpha: 1, beta: 1, transA: false, transB: false } };
}

function fromGemm(node: GraphNode & { op: 'Gemm' }, editor: GraphEditor): GraphNode | undefined {
  const weight = editor.constant(node.inputs[1]);
  if (weight === undefined) return undefined;
  const { alpha, beta, transB } = node.attributes;
  const columns = editor.shape(node.outputs[0]!)[1]!;
  const bias = gemmBias(node, columns, editor);
  const plainBias = bias === undefined ? node.inputs.length === 2 : editor.shape(node.inputs[2]!).length === 1 && editor.shape(node.inputs[2]!)[0] === columns && beta === 1;
  if (bias === 'not per column' || (transB && alpha === 1 && plainBias && beta === 1)) return undefined;
  const inputs = [node.inputs[0]!, transB && alpha === 1 ? node.inputs[1]! : editor.addConstant(`${node.name}/weight`, transposed(weight, transB, alpha))];
  if (bias !== undefined) inputs.push(plainBias ? node.inputs[2]! : editor.addConstant(`${node.name}/bias`, { dtype: 'f32', shape: [columns], data: bias }));
  return { ...node, inputs, attributes: { ...node.attributes, alpha: 1, beta: 1, transB: true } };
}

/** alpha·W as [N, K]. */
function transposed(weight: Constant, alreadyTransposed: boolean, alpha: number): Constant {
  if (alreadyTransposed) return { ...weight, data: Float32Array.from(weight.data, (value) => value * alpha) };
  const [k, n] = weight.shape as [number, number];
  const data = new Float32Array(k * n);
  for (let row = 0; row < n; row++) for (let i = 0; i < k; i++) data[row * k + i] = alpha * weight.data[i * n + row]!;
  return { dtype: 'f32', shape: [n, k], data };
}
