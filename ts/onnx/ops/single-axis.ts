/**
 * Convolutions and pools over one axis (audio, sensors): a Graph has windows over two, so [N, C, L] becomes a picture [N, C, 1, L] of one row and back.
 * Reshapes between two such nodes cancel in the passes.
 */
import type { NodeSpec } from '../builder.js';
import type { NodeContext } from '../node-context.js';

/** The shape as a picture; other ranks stay as they are. */
export function pictureShape(shape: readonly number[]): readonly number[] {
  return shape.length === 3 ? [shape[0]!, shape[1]!, 1, shape[2]!] : shape;
}

/** An input as a picture: its own name, or that of a Reshape. */
export function pictureInput(node: NodeContext, index: number): string {
  const shape = node.shape(index);
  if (shape.length !== 3) return node.input(index);
  return node.emitIntermediate({ op: 'Reshape', inputs: [node.input(index)], attributes: { shape: pictureShape(shape) } }, `picture${index}`);
}

/** Emits a node that makes pictures of `shape` [N, C, H, W], as one of [N, C, W] where the operator's input had one axis. */
export function emitPicture(node: NodeContext, spec: NodeSpec, shape: readonly number[]): void {
  if (node.shape(0).length !== 3) return node.emit(spec, shape);
  const made = node.emitIntermediate(spec, 'window', shape);
  node.emit({ op: 'Reshape', inputs: [made], attributes: { shape: [shape[0]!, shape[1]!, shape[3]!] } });
}

/** An attribute over the one axis as one over two, `row` standing for the axis that was added. */
export function overTwoAxes(list: readonly number[] | undefined, row: number): readonly number[] | undefined {
  if (list?.length === 1) return [row, list[0]!];
  return list?.length === 2 ? [row, list[0]!, row, list[1]!] : list;
}
