import { type ExportContext, int, type NodeOf } from '../context.js';

export function exportConcat(context: ExportContext, node: NodeOf<'Concat'>): void {
  context.emit('Concat', node.name, node.inputs.map((_, index) => context.input(node, index)), node.outputs[0]!, { axis: int(node.attributes.axis) });
}
