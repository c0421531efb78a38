/** Slice, pad, transpose, reshape, concat and layout changes are one kernel: a copy between two strided views. */
import { DyadicError } from '../errors.js';
import { at, type Assembler, type StepBuffer } from './assembler.js';
import type { Layout } from './layout.js';

/** A buffer seen with axes of one's own choice. */
export interface View {
  readonly buffer: StepBuffer;
  /** Bytes of the buffer that the copy may touch, from its beginning. */
  readonly bytes: number;
  /** Element of the first index. */
  readonly start: number;
  /** Elements between neighbours along each axis of the copy. */
  readonly strides: readonly number[];
}

const KERNEL_AXES = 6;

interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** A whole value in its own layout. */
export function wholeView(buffer: StepBuffer, layout: Layout): View {
  return { buffer, bytes: layout.elements * layout.elementBytes, start: 0, strides: layout.strides };
}

/** Copies `shape` elements; nothing if there are none. */
export function stridedCopy(assembler: Assembler, shape: readonly number[], elementBytes: number, from: View, to: View): void {
  if (shape.includes(0)) return;
  const axes = mergeAxes(shape.map((size, axis) => ({ size, from: from.strides[axis] as number, to: to.strides[axis] as number })));
  if (axes.length > KERNEL_AXES) {
    throw new DyadicError('ERR_SHAPE', { op: 'copy', argument: 'shape', expected: `at most ${KERNEL_AXES} axes`, received: `[${shape.join(', ')}]` });
  }
  while (axes.length < KERNEL_AXES) axes.unshift({ size: 1, from: 0, to: 0 });
  const [a, b, c, d, e, f] = axes as [Axis, Axis, Axis, Axis, Axis, Axis];
  assembler.step('strided_copy', {
    inputOffset: at(from.buffer, from.start * elementBytes),
    outputOffset: at(to.buffer, to.start * elementBytes),
    inputBeginOffset: at(from.buffer),
    inputEndOffset: at(from.buffer, from.bytes),
    outputBeginOffset: at(to.buffer),
    outputEndOffset: at(to.buffer, to.bytes),
    elementBytes,
    dim0: a.size, dim1: b.size, dim2: c.size, dim3: d.size, dim4: e.size, dim5: f.size,
    inStride0: a.from, inStride1: b.from, inStride2: c.from, inStride3: d.from, inStride4: e.from, inStride5: f.from,
    outStride0: a.to, outStride1: b.to, outStride2: c.to, outStride3: d.to, outStride4: e.to, outStride5: f.to,
  });
}

/** The same copy with the target's fastest axis last and axes that run on into each other joined: the kernel's inner loop is as long as it can be. */
function mergeAxes(axes: readonly Axis[]): Axis[] {
  const sorted = axes.filter(({ size }) => size !== 1).sort((x, y) => y.to - x.to);
  const merged: Axis[] = [];
  for (const axis of sorted) {
    const outer = merged.at(-1);
    if (outer !== undefined && outer.from === axis.from * axis.size && outer.to === axis.to * axis.size) {
      merged[merged.length - 1] = { size: outer.size * axis.size, from: axis.from, to: axis.to };
    } else merged.push(axis);
  }
  return merged;
}
