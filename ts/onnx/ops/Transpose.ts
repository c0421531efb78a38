import type { NodeContext } from '../node-context.js';

export function importTranspose(node: NodeContext): void {
  const given = node.attributes.ints('perm');
  const rank = node.shape(0).length;
  const perm = given ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  node.emit({ op: 'Transpose', inputs: [node.input(0)], attributes: { perm } });
}
