import type { NodeContext } from '../node-context.js';

export function importMatMul(node: NodeContext): void {
  node.info(0);
  node.info(1);
  node.emit({ op: 'MatMul', inputs: [node.input(0), node.input(1)], attributes: {} });
}
