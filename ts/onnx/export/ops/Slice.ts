import type { ExportContext, NodeOf } from '../context.js';

/** The ends follow from the output's shape. */
export function exportSlice(context: ExportContext, node: NodeOf<'Slice'>): void {
  const { starts, steps } = node.attributes;
  const input = context.shape(node.inputs[0]!);
  const output = context.shape(node.outputs[0]!);
  const cut = input.map((_, axis) => axis).filter((axis) => output[axis] !== input[axis] || steps[axis] !== 1);
  const ends = cut.map((axis) => end(input[axis]!, starts[axis]!, steps[axis]!, output[axis]!));
  const list = (what: string, values: readonly number[]): string => context.integers(`${node.name}.${what}`, [values.length], values);
  const bounds = [list('starts', cut.map((axis) => starts[axis]!)), list('ends', ends), list('axes', cut), list('steps', cut.map((axis) => steps[axis]!))];
  context.emit('Slice', node.name, [context.input(node, 0), ...bounds], node.outputs[0]!);
}

/** One past the last element; below −size for a slice that runs down to element 0, because −1 is the last element. */
function end(size: number, start: number, step: number, count: number): number {
  if (count === 0) return start;
  const last = start + (count - 1) * step;
  if (step > 0) return last + 1;
  return last === 0 ? -size - 1 : last - 1;
}
