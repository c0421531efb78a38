import type { NodeContext } from '../node-context.js';

/** Bounds are attributes before opset 11, constant scalars since. min > max gives max everywhere, as ONNX says. */
export function importClip(node: NodeContext): void {
  node.info(0);
  const byAttribute = node.opset < 11;
  const min = (byAttribute ? node.attributes.float('min', -Infinity) : node.scalar(1, 'min')) ?? -Infinity;
  const max = (byAttribute ? node.attributes.float('max', Infinity) : node.scalar(2, 'max')) ?? Infinity;
  if (Number.isNaN(min) || Number.isNaN(max)) throw node.invalid('min, max', 'numbers', 'NaN');
  node.emit({ op: 'Clip', inputs: [node.input(0)], attributes: { min: Math.min(min, max), max } });
}
