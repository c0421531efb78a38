import { evaluateNode } from '../evaluate.js';
import type { Rewrite } from './rewrite.js';

/** A node that reads only constants becomes one, where its operator can be computed here. */
export const foldConstants: Rewrite = (node, editor) => {
  const inputs = node.inputs.map((name) => editor.constant(name));
  if (inputs.length === 0 || editor.isOutput(node.outputs[0]!) || !inputs.every((input) => input !== undefined)) return false;
  const constant = evaluateNode(node, inputs, editor.shape(node.outputs[0]!));
  return constant !== undefined && editor.fold(node, constant);
};
