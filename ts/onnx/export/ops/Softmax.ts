import { type ExportContext, int, type NodeOf } from '../context.js';

export function exportSoftmax(context: ExportContext, node: NodeOf<'Softmax'>): void {
  context.emit('Softmax', node.name, [context.input(node, 0)], node.outputs[0]!, { axis: int(node.attributes.axis) });
}
