import type { ExportContext, NodeOf } from '../context.js';

export function exportAdd(context: ExportContext, node: NodeOf<'Add'>): void {
  context.emitBounded('Add', node, [context.input(node, 0), context.input(node, 1)], node.bounds);
}
