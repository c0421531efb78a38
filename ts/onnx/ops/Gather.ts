import type { NodeContext } from '../node-context.js';

/** Indices must be constant; negative ones count from the back. */
export function importGather(node: NodeContext): void {
  const given = node.attributes.int('axis', 0);
  const x = node.shape(0);
  const axis = node.axis(given, x.length);
  const constant = node.requireConstant(1, 'indices');
  if (constant.dtype !== 'i64') throw node.invalid('indices', 'integers', constant.dtype);
  const size = x[axis]!;
  const indices = Array.from(constant.data, (index) => (index < 0 ? index + size : index));
  node.emit({ op: 'Gather', inputs: [node.input(0)], attributes: { axis, indices, indicesShape: constant.shape } });
}
