import type { GraphEditor } from '../editor.js';
import type { GraphNode } from '../graph.js';
import { batchNormAffine } from './fold-batch-norm.js';
import type { Rewrite } from './rewrite.js';

/** Batch norm in front of a dense layer of constant weights goes into it: W·g by column, b + W·h, in f32. In front of a convolution it cannot: padding is no zero of it. */
export const foldBatchNormForward: Rewrite = (node, editor) => {
  if (node.op !== 'Gemm' || !isPlain(node)) return false;
  const norm = editor.soleProducer(node.inputs[0]!);
  const weight = editor.constant(node.inputs[1]);
  const biasName = node.inputs[2] ?? '';
  const bias = editor.constant(biasName)?.data;
  if (bias !== undefined && bias.length !== weight?.shape[0]) return false;
  if (norm?.op !== 'BatchNormalization' || norm.bounds !== undefined || weight === undefined || (biasName !== '' && bias === undefined)) return false;
  const affine = batchNormAffine(norm, editor);
  if (affine === undefined || editor.shape(norm.outputs[0]!).length !== 2) return false;
  const [rows, columns] = weight.shape as [number, number];
  const data = new Float32Array(weight.data.length);
  const moved = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = bias?.[row] ?? 0;
    for (let k = 0; k < columns; k++) {
      const w = weight.data[row * columns + k]!;
      data[row * columns + k] = w * affine.g[k]!;
      sum = Math.fround(sum + Math.fround(w * affine.h[k]!));
    }
    moved[row] = sum;
  }
  fuse(node, norm, [editor.addConstant(`${node.name}/weight`, { ...weight, data }), editor.addConstant(`${node.name}/bias`, { dtype: 'f32', shape: [rows], data: moved })], editor);
  return true;
};

/** x · Wᵀ + b, as canonicalGemm leaves it, with b one number per row of W. */
function isPlain({ attributes: { alpha, beta, transA, transB }, inputs }: GraphNode & { op: 'Gemm' }): boolean {
  return alpha === 1 && beta === 1 && !transA && transB && inputs.length >= 2;
}

function fuse(node: GraphNode & { op: 'Gemm' }, norm: GraphNode, constants: readonly string[], editor: GraphEditor): void {
  editor.fuse(norm, node, { ...node, inputs: [norm.inputs[0]!, ...constants] });
}
