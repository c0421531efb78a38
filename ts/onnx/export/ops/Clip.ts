import type { ExportContext, NodeOf } from '../context.js';

export function exportClip(context: ExportContext, node: NodeOf<'Clip'>): void {
  const { min, max } = node.attributes;
  context.emitBounds(node.name, context.input(node, 0), node.outputs[0]!, { lo: min, hi: max });
}

export function exportRelu(context: ExportContext, node: NodeOf<'Relu'>): void {
  context.emitBounds(node.name, context.input(node, 0), node.outputs[0]!, { lo: 0, hi: Infinity });
}
