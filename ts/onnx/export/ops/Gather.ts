import { type ExportContext, int, type NodeOf } from '../context.js';

export function exportGather(context: ExportContext, node: NodeOf<'Gather'>): void {
  const { axis, indices, indicesShape } = node.attributes;
  const positions = context.integers(`${node.name}.indices`, indicesShape, indices);
  context.emit('Gather', node.name, [context.input(node, 0), positions], node.outputs[0]!, { axis: int(axis) });
}
