import { showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

/** axes is an attribute before opset 13, a constant input since; none means every axis of size 1. */
export function importSqueeze(node: NodeContext): void {
  const x = node.shape(0);
  const given = node.opset < 13 ? node.attributes.ints('axes') : node.integers(1, 'axes');
  const axes = given === undefined ? x.flatMap((dim, axis) => (dim === 1 ? [axis] : [])) : node.axes(given, x.length);
  if (axes.some((axis) => x[axis] !== 1)) throw node.invalid('axes', `axes of size 1 in ${showShape(x)}`, showShape(axes));
  node.emit({ op: 'Reshape', inputs: [node.input(0)], attributes: { shape: x.filter((_, axis) => !axes.includes(axis)) } });
}
