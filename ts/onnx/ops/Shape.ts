import type { NodeContext } from '../node-context.js';

/** Always a constant, as all shapes are static; start and end (opset 15) count from the back where negative, and are clamped. */
export function importShape(node: NodeContext): void {
  const start = node.attributes.int('start', 0);
  const shape = node.shape(0);
  const end = node.attributes.int('end', shape.length);
  const clamp = (position: number) => Math.min(Math.max(position < 0 ? position + shape.length : position, 0), shape.length);
  const data = shape.slice(clamp(start), clamp(end));
  node.fold({ dtype: 'i64', shape: [data.length], data });
}
