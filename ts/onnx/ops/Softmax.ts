import { elementCount } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

/** Along one axis since opset 13 (default −1); before, over all axes from `axis` (default 1) on, as one. */
export function importSoftmax(node: NodeContext): void {
  const flattens = node.opset < 13;
  const given = node.attributes.int('axis', flattens ? 1 : -1);
  const x = node.shape(0);
  const axis = node.axis(given, x.length);
  const inner = elementCount(x.slice(axis));
  if (!flattens || inner === x[axis]) {
    node.emit({ op: 'Softmax', inputs: [node.input(0)], attributes: { axis } });
    return;
  }
  const flat = node.emitIntermediate({ op: 'Reshape', inputs: [node.input(0)], attributes: { shape: [elementCount(x.slice(0, axis)), inner] } }, 'flat');
  const softmax = node.emitIntermediate({ op: 'Softmax', inputs: [flat], attributes: { axis: 1 } }, 'softmax');
  node.emit({ op: 'Reshape', inputs: [softmax], attributes: { shape: x } });
}
