import type { NodeContext } from '../node-context.js';
import { emitPicture, pictureInput } from './single-axis.js';
import { readWindow } from './window.js';

export function importAveragePool(node: NodeContext): void {
  const countIncludePad = node.attributes.int('count_include_pad', 0) !== 0;
  const x = node.shape(0);
  const { outputSize, ...window } = readWindow(node);
  emitPicture(node, { op: 'AveragePool', inputs: [pictureInput(node, 0)], attributes: { ...window, countIncludePad } }, [x[0]!, x[1]!, ...outputSize]);
}
