import type { GraphEditor } from '../../graph/editor.js';
import type { Constant, GraphNode } from '../../graph/graph.js';
import type { Rewrite } from '../../graph/passes/rewrite.js';
import { shownConstant } from '../../graph/quantize-float.js';

type Of<Op extends GraphNode['op']> = Extract<GraphNode, { op: Op }>;

/**
 * Constants that have codes, before anything else is folded: weights come to lie as a dense layer reads them, [N, K] with a scale per row; what is no weight of one layer becomes the floats that
 * its codes show.
 */
export const settleConstants: Rewrite = (node, editor) => {
  if (node.op !== 'FakeQuantize') return false;
  const floats = editor.constant(node.inputs[0]);
  const output = node.outputs[0]!;
  if (floats === undefined || editor.isOutput(output)) return false;
  const readers = editor.readers(output);
  const isWeight = readers.length > 0 && readers.every(({ inputs }) => inputs[1] === output && inputs.indexOf(output) === inputs.lastIndexOf(output));
  const isSettled = (node.attributes.axis ?? 0) === 0 && readers.every((reader) => reader.op === 'Conv' || isDense(reader, true, editor));
  if (isWeight && isSettled) return false;
  const [reader] = readers;
  if (isWeight && readers.length === 1 && floats.shape.length === 2 && isDense(reader!, false, editor)) {
    transpose(node, floats, reader, editor);
    return true;
  }
  return editor.bypass(node, editor.addConstant(`${output}/shown`, shownConstant(floats, node.attributes)));
};

/** x · Wᵀ (`isTransposed`) or x · W, with nothing else that a weight would have to take up. */
function isDense(reader: GraphNode, isTransposed: boolean, editor: GraphEditor): reader is Of<'Gemm'> | Of<'MatMul'> {
  if (reader.op === 'MatMul') return !isTransposed && editor.shape(reader.inputs[0]!).length === 2;
  if (reader.op !== 'Gemm') return false;
  const { alpha, beta, transA, transB } = reader.attributes;
  return !transA && transB === isTransposed && alpha === 1 && beta === 1;
}

function transpose(node: Of<'FakeQuantize'>, floats: Constant, reader: Of<'Gemm'> | Of<'MatMul'>, editor: GraphEditor): void {
  const [k, n] = floats.shape as [number, number];
  const data = new Float32Array(k * n);
  for (let row = 0; row < n; row++) for (let i = 0; i < k; i++) data[row * k + i] = floats.data[i * n + row]!;
  const source = editor.addConstant(`${node.inputs[0]!}/transposed`, { dtype: 'f32', shape: [n, k], data });
  const output = editor.addValue(`${node.outputs[0]!}/transposed`, { dtype: 'f32', shape: [n, k] });
  const { axis = 0, ...attributes } = node.attributes;
  const inputs = [reader.inputs[0]!, output, ...reader.inputs.slice(2)];
  editor.replace(node, { ...node, inputs: [source], outputs: [output], attributes: { ...attributes, axis: 1 - axis } });
  editor.replace(reader, { ...reader, op: 'Gemm', inputs, attributes: { alpha: 1, beta: 1, transA: false, transB: true } });
}
