import type { NodeContext } from '../node-context.js';

/** numpy broadcasting, as of opset 7. */
export function importAdd(node: NodeContext): void {
  node.info(0);
  node.info(1);
  node.emit({ op: 'Add', inputs: [node.input(0), node.input(1)], attributes: {} });
}
