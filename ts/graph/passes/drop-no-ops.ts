import type { GraphEditor } from '../editor.js';
import type { GraphNode } from '../graph.js';
import { sameShape } from '../shape.js';
import type { Rewrite } from './rewrite.js';

/** Reshape to the same shape, Transpose in order, Slice of everything, Pad of nothing and Concat of one are their input. */
export const dropNoOps: Rewrite = (node, editor) => isNoOp(node, editor) && editor.bypass(node, node.inputs[0]!);

function isNoOp(node: GraphNode, editor: GraphEditor): boolean {
  const x = () => editor.shape(node.inputs[0]!);
  switch (node.op) {
    case 'Reshape': return sameShape(node.attributes.shape, x());
    case 'Transpose': return node.attributes.perm.every((axis, index) => axis === index);
    case 'Slice': return sameShape(editor.shape(node.outputs[0]!), x()) && node.attributes.steps.every((step, axis) => step === 1 || x()[axis] === 1);
    case 'Pad': return [...node.attributes.before, ...node.attributes.after].every((amount) => amount === 0);
    case 'Concat': return node.inputs.length === 1;
    default: return false;
  }
}
