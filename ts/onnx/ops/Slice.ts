import { showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

/** starts, ends and axes are attributes before opset 10, constant inputs (with steps) since. Python's slicing, negative steps included. */
export function importSlice(node: NodeContext): void {
  const x = node.shape(0);
  const { attributes } = node;
  const byAttribute = node.opset < 10;
  const givenStarts = byAttribute ? attributes.ints('starts') : node.integers(1, 'starts');
  const givenEnds = byAttribute ? attributes.ints('ends') : node.integers(2, 'ends');
  const givenAxes = byAttribute ? attributes.ints('axes') : node.integers(3, 'axes');
  const givenSteps = byAttribute ? undefined : node.integers(4, 'steps');
  if (givenStarts === undefined || givenEnds === undefined) throw node.invalid('starts, ends', 'two lists of integers', 'none');
  const axes = givenAxes === undefined ? givenStarts.map((_, axis) => node.axis(axis, x.length, 'starts')) : node.axes(givenAxes, x.length);
  if (givenStarts.length !== axes.length || givenEnds.length !== axes.length || (givenSteps ?? axes).length !== axes.length) {
    throw node.invalid('starts, ends, axes, steps', 'lists of one length', showShape([givenStarts.length, givenEnds.length, axes.length, (givenSteps ?? axes).length]));
  }
  const starts = x.map(() => 0);
  const steps = x.map(() => 1);
  const shape = [...x];
  axes.forEach((axis, index) => {
    const step = givenSteps?.[index] ?? 1;
    if (step === 0) throw node.invalid('steps', 'steps other than 0', showShape(givenSteps!));
    const range = sliceRange(x[axis]!, givenStarts[index]!, givenEnds[index]!, step);
    starts[axis] = range.start;
    shape[axis] = range.count;
    // With one element left the step says nothing; a huge one would not survive arithmetic.
    steps[axis] = range.count > 1 ? step : 1;
  });
  node.emit({ op: 'Slice', inputs: [node.input(0)], attributes: { starts, steps } }, shape);
}

/** ONNX's clamping: start to [0, size] and end to [0, size], or [0, size − 1] and [−1, size − 1] for negative steps. */
function sliceRange(size: number, start: number, end: number, step: number): { start: number; count: number } {
  const high = step > 0 ? size : size - 1;
  const clamp = (position: number, low: number) => Math.min(Math.max(position < 0 ? position + size : position, low), high);
  const first = clamp(start, 0);
  const last = clamp(end, step > 0 ? 0 : -1);
  const count = Math.max(Math.ceil((last - first) / step), 0);
  return { start: count === 0 ? 0 : first, count };
}
