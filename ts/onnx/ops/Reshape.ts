import { elementCount, showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

/** 0 copies a dimension (unless allowzero), −1 takes what is left. */
export function importReshape(node: NodeContext): void {
  const allowZero = node.attributes.int('allowzero', 0) !== 0;
  const x = node.shape(0);
  const given = node.integers(1, 'shape');
  if (given === undefined) throw node.invalid('shape', 'a list of integers', 'none');
  const shape = given.map((dim, axis) => (dim === 0 && !allowZero ? x[axis] ?? -2 : dim));
  const open = shape.indexOf(-1);
  if (shape.some((dim, axis) => dim < -1 || (dim === -1 && axis !== open))) {
    throw node.invalid('shape', `dimensions of 0 or more, one −1 at most, for an input of ${showShape(x)}`, showShape(given));
  }
  if (open >= 0) {
    const known = elementCount(shape.filter((_, axis) => axis !== open));
    shape[open] = known === 0 ? 0 : elementCount(x) / known;
  }
  node.emit({ op: 'Reshape', inputs: [node.input(0)], attributes: { shape } });
}
