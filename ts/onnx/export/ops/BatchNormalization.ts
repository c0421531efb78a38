import { type ExportContext, float, type NodeOf } from '../context.js';

export function exportBatchNormalization(context: ExportContext, node: NodeOf<'BatchNormalization'>): void {
  const inputs = node.inputs.map((_, index) => context.input(node, index));
  context.emitBounded('BatchNormalization', node, inputs, node.bounds, { epsilon: float(node.attributes.epsilon) });
}
