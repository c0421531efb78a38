import { elementCount } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

/** A Reshape to the two products of the dimensions before and from `axis`, which may be the rank itself. */
export function importFlatten(node: NodeContext): void {
  const given = node.attributes.int('axis', 1);
  const x = node.shape(0);
  const axis = given === x.length ? given : node.axis(given, x.length);
  const shape = [elementCount(x.slice(0, axis)), elementCount(x.slice(axis))];
  node.emit({ op: 'Reshape', inputs: [node.input(0)], attributes: { shape } });
}
