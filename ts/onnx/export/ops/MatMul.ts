import type { ExportContext, NodeOf } from '../context.js';

export function exportMatMul(context: ExportContext, node: NodeOf<'MatMul'>): void {
  context.emitBounded('MatMul', node, [context.input(node, 0), context.input(node, 1)], node.bounds);
}
