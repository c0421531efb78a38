import type { NodeContext } from '../node-context.js';

export function importIdentity(node: NodeContext): void {
  node.alias(node.input(0));
}
