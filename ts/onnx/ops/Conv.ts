import { showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';
import { emitPicture, pictureInput, pictureShape } from './single-axis.js';
import { readWindow } from './window.js';

/** Inputs X, W, B?. One or two spatial axes; weights and bias may be computed, as the shape of W is static. */
export function importConv(node: NodeContext): void {
  const groups = node.attributes.int('group', 1);
  const x = node.shape(0);
  const w = node.shape(1);
  if (w.length !== x.length) throw node.invalid('W', `rank ${x.length}`, showShape(w));
  const size = pictureShape(w).slice(2);
  const { kernel, stride, pads, dilation, outputSize } = readWindow(node, size.length === 2 ? [size[0]!, size[1]!] : undefined);
  const bias = node.has(2) ? [node.input(2)] : [];
  const inputs = [pictureInput(node, 0), pictureInput(node, 1), ...bias];
  emitPicture(node, { op: 'Conv', inputs, attributes: { kernel, stride, pads, dilation, groups } }, [x[0]!, w[0]!, ...outputSize]);
}
