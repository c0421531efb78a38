import type { GraphEditor } from '../editor.js';
import type { GraphNode } from '../graph.js';
import type { Rewrite } from './rewrite.js';

/**
 * Two Reshapes, Transposes or Slices in a row are one; a Transpose that moves only axes of size 1 is a Reshape. The first of two
 * stays where others read it too.
 */
export const mergeDataMovement: Rewrite = (node, editor) => {
  const merged = asReshape(node, editor) ?? merge(node, editor.producer(node.inputs[0] ?? ''));
  if (merged === undefined) return false;
  editor.replace(node, merged);
  return true;
};

function asReshape(node: GraphNode, editor: GraphEditor): GraphNode | undefined {
  if (node.op !== 'Transpose') return undefined;
  const shape = editor.shape(node.inputs[0]!);
  const moved = node.attributes.perm.filter((axis) => shape[axis] !== 1);
  const inOrder = moved.every((axis, index) => index === 0 || axis > moved[index - 1]!);
  const isIdentity = node.attributes.perm.every((axis, index) => axis === index);
  if (!inOrder || isIdentity) return undefined;
  return { op: 'Reshape', name: node.name, inputs: node.inputs, outputs: node.outputs, attributes: { shape: editor.shape(node.outputs[0]!) } };
}

function merge(node: GraphNode, first: GraphNode | undefined): GraphNode | undefined {
  if (first === undefined) return undefined;
  if (node.op === 'Reshape' && first.op === 'Reshape') return { ...node, inputs: first.inputs };
  if (node.op === 'Transpose' && first.op === 'Transpose') {
    return { ...node, inputs: first.inputs, attributes: { perm: node.attributes.perm.map((axis) => first.attributes.perm[axis]!) } };
  }
  if (node.op === 'Slice' && first.op === 'Slice') {
    const inner = first.attributes;
    const starts = node.attributes.starts.map((start, axis) => inner.starts[axis]! + start * inner.steps[axis]!);
    const steps = node.attributes.steps.map((step, axis) => step * inner.steps[axis]!);
    return { ...node, inputs: first.inputs, attributes: { starts, steps } };
  }
  return undefined;
}
