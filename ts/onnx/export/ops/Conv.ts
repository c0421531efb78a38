import { type ExportContext, int, ints, type NodeOf } from '../context.js';

export function exportConv(context: ExportContext, node: NodeOf<'Conv'>): void {
  const { kernel, stride, pads, dilation, groups } = node.attributes;
  const attributes = { kernel_shape: ints(kernel), strides: ints(stride), pads: ints(pads), dilations: ints(dilation), group: int(groups) };
  context.emitBounded('Conv', node, [context.input(node, 0), context.input(node, 1), context.input(node, 2)], node.bounds, attributes);
}
