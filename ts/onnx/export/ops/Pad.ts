import type { ExportContext, NodeOf } from '../context.js';

export function exportPad(context: ExportContext, node: NodeOf<'Pad'>): void {
  const { before, after, value } = node.attributes;
  const amounts = context.integers(`${node.name}.pads`, [before.length * 2], [...before, ...after]);
  const filler = context.floats(`${node.name}.value`, [], [value]);
  context.emit('Pad', node.name, [context.input(node, 0), amounts, filler], node.outputs[0]!);
}
