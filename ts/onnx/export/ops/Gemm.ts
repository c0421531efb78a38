import { type ExportContext, float, int, type NodeOf } from '../context.js';

export function exportGemm(context: ExportContext, node: NodeOf<'Gemm'>): void {
  const { alpha, beta, transA, transB } = node.attributes;
  const attributes = { alpha: float(alpha), beta: float(beta), transA: int(transA ? 1 : 0), transB: int(transB ? 1 : 0) };
  context.emitBounded('Gemm', node, [context.input(node, 0), context.input(node, 1), context.input(node, 2)], node.bounds, attributes);
}
