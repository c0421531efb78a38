import type { PoolAttributes } from '../../graph/graph.js';
import { windowElements } from '../../integer/window.js';

/** The distinct element counts of an average pool's windows, ascending (SPEC 3.4). */
export function poolDivisors({ kernel, stride, pads, countIncludePad }: PoolAttributes, input: readonly number[], output: readonly [number, number]): number[] {
  const along = (axis: 0 | 1): Set<number> =>
    windowElements(
      { input: input[2 + axis]!, kernel: kernel[axis], stride: stride[axis], dilation: 1, before: pads[axis], after: pads[axis === 0 ? 2 : 3] },
      output[axis],
      countIncludePad,
    );
  const counts = new Set<number>();
  for (const rows of along(0)) for (const columns of along(1)) counts.add(rows * columns);
  return [...counts].sort((a, b) => a - b);
}
