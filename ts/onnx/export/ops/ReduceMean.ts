import { type ExportContext, int, ints, type NodeOf } from '../context.js';

/** The axes are an attribute up to opset 17, an input since. */
export function exportReduceMean(context: ExportContext, node: NodeOf<'ReduceMean'>): void {
  const { axes, keepdims } = node.attributes;
  const positions = context.opset < 18 ? '' : context.integers(`${node.name}.axes`, [axes.length], axes);
  context.emit('ReduceMean', node.name, [context.input(node, 0), positions], node.outputs[0]!, { keepdims: int(keepdims ? 1 : 0), ...(positions === '' ? { axes: ints(axes) } : {}) });
}
