import type { NodeContext } from '../node-context.js';
import { emitPicture, pictureInput } from './single-axis.js';
import { readWindow } from './window.js';

/** storage_order only orders the Indices output, which is not supported. */
export function importMaxPool(node: NodeContext): void {
  node.attributes.ignore('storage_order');
  const x = node.shape(0);
  const { outputSize, ...window } = readWindow(node);
  emitPicture(node, { op: 'MaxPool', inputs: [pictureInput(node, 0)], attributes: { ...window, countIncludePad: false } }, [x[0]!, x[1]!, ...outputSize]);
}
