import type { NodeContext } from '../node-context.js';

export function importRelu(node: NodeContext): void {
  node.info(0);
  node.emit({ op: 'Relu', inputs: [node.input(0)], attributes: {} });
}
