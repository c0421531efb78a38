import type { NodeContext } from '../node-context.js';

/** axes is an attribute before opset 18, a constant input since; none means all axes, or none with noop_with_empty_axes. */
export function importReduceMean(node: NodeContext): void {
  const { attributes } = node;
  const keepdims = attributes.int('keepdims', 1) !== 0;
  const noop = node.opset >= 18 && attributes.int('noop_with_empty_axes', 0) !== 0;
  const rank = node.shape(0).length;
  const given = (node.opset >= 18 ? node.integers(1, 'axes') : attributes.ints('axes')) ?? [];
  if (given.length === 0 && noop) {
    node.alias(node.input(0));
    return;
  }
  const axes = given.length === 0 ? Array.from({ length: rank }, (_, axis) => axis) : node.axes(given, rank).sort((a, b) => a - b);
  node.emit({ op: 'ReduceMean', inputs: [node.input(0)], attributes: { axes, keepdims } });
}
