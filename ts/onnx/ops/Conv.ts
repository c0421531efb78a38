import { showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';
import { readWindow } from './window.js';

/** Inputs X, W, B?. Two spatial axes; weights and bias may be computed, as the shape of W is static. */
export function importConv(node: NodeContext): void {
  const groups = node.attributes.int('group', 1);
  const x = node.shape(0);
  const w = node.shape(1);
  if (w.length !== x.length) throw node.invalid('W', `rank ${x.length}`, showShape(w));
  const { kernel, stride, pads, dilation } = readWindow(node, x, x.length === 4 ? [w[2]!, w[3]!] : undefined);
  const bias = node.has(2) ? [node.input(2)] : [];
  node.emit({ op: 'Conv', inputs: [node.input(0), node.input(1), ...bias], attributes: { kernel, stride, pads, dilation, groups } });
}
