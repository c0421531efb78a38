import type { GraphNode } from '../graph.js';
import type { Rewrite } from './rewrite.js';

/** The mean over both spatial axes of rank 4 is an AveragePool over the whole input, and a Reshape where the axes go. */
export const poolFromReduceMean: Rewrite = (node, editor) => {
  if (node.op !== 'ReduceMean') return false;
  const [n, c, h, w] = editor.shape(node.inputs[0]!);
  const { axes, keepdims } = node.attributes;
  if (w === undefined || editor.shape(node.inputs[0]!).length !== 4 || axes.length !== 2 || !axes.includes(2) || !axes.includes(3)) return false;
  const pooled = keepdims ? node.outputs[0]! : editor.addValue(`${node.outputs[0]!}/pooled`, { dtype: 'f32', shape: [n!, c!, 1, 1] });
  const attributes = { kernel: [h!, w], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], countIncludePad: false } as const;
  const pool: GraphNode = { op: 'AveragePool', name: keepdims ? node.name : editor.freshNodeName(`${node.name}/pool`), inputs: node.inputs, outputs: [pooled], attributes };
  if (keepdims) editor.replace(node, pool);
  else editor.replace(node, pool, { op: 'Reshape', name: node.name, inputs: [pooled], outputs: node.outputs, attributes: { shape: editor.shape(node.outputs[0]!) } });
  return true;
};
