import type { Rewrite } from './rewrite.js';

/** A node whose output nobody reads goes. */
export const removeDeadNodes: Rewrite = (node, editor) => {
  const output = node.outputs[0]!;
  if (editor.isOutput(output) || editor.readers(output).length > 0) return false;
  editor.remove(node);
  return true;
};
