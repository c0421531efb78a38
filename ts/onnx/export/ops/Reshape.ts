import { type ExportContext, int, type NodeOf } from '../context.js';

export function exportReshape(context: ExportContext, node: NodeOf<'Reshape'>): void {
  const { shape } = node.attributes;
  const keepsBatch = context.settings.hasOpenBatch && shape[0] === 1 && context.shape(node.inputs[0]!)[0] === 1;
  // 0 copies the batch; but where a dimension is 0 for good, none may copy.
  const isEmpty = shape.includes(0);
  const wanted = keepsBatch && !isEmpty ? [0, ...shape.slice(1)] : shape;
  const target = context.integers(`${node.name}.shape`, [shape.length], wanted);
  context.emit('Reshape', node.name, [context.input(node, 0), target], node.outputs[0]!, isEmpty ? { allowzero: int(1) } : {});
}
