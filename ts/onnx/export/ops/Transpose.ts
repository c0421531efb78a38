import { type ExportContext, ints, type NodeOf } from '../context.js';

export function exportTranspose(context: ExportContext, node: NodeOf<'Transpose'>): void {
  context.emit('Transpose', node.name, [context.input(node, 0)], node.outputs[0]!, { perm: ints(node.attributes.perm) });
}
