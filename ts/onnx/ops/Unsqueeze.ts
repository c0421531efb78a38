import type { NodeContext } from '../node-context.js';

/** axes (of the output) is an attribute before opset 13, a constant input since. */
export function importUnsqueeze(node: NodeContext): void {
  const x = node.shape(0);
  const given = node.opset < 13 ? node.attributes.ints('axes') : node.integers(1, 'axes');
  if (given === undefined) throw node.invalid('axes', 'a list of integers', 'none');
  const rank = x.length + given.length;
  const axes = node.axes(given, rank);
  let next = 0;
  const shape = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : x[next++]!));
  node.emit({ op: 'Reshape', inputs: [node.input(0)], attributes: { shape } });
}
