/** Where buffers that live at different times share one block of memory. */

/** A buffer of `bytes` that is needed from step `first` to step `last`, both included. */
export interface LiveRange {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** Byte offset of every buffer in the block, in the order they were given. */
  readonly offsets: readonly number[];
  /** Bytes of the block, a multiple of the alignment. */
  readonly bytes: number;
}

/** The arena's alignment, a cache line: no two buffers share one. */
export const ALIGNMENT = 64;

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Greedy by size: the largest buffer first, each at the lowest offset where no buffer that lives at the same time lies.
 * Equal sizes keep their order, so the plan is the same on every host.
 */
export function planMemory(ranges: readonly LiveRange[]): MemoryPlan {
  const order = ranges.map((_, index) => index).sort((a, b) => sizeOf(ranges, b) - sizeOf(ranges, a) || a - b);
  const offsets = new Array<number>(ranges.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  for (const index of order) {
    const range = ranges[index] as LiveRange;
    const size = aligned(range.bytes);
    const rivals = placed
      .filter((other) => overlapInTime(range, ranges[other] as LiveRange))
      .map((other) => ({ begin: offsets[other] as number, end: (offsets[other] as number) + sizeOf(ranges, other) }))
      .sort((a, b) => a.begin - b.begin);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + size <= rival.begin) break;
      offset = Math.max(offset, rival.end);
    }
    offsets[index] = offset;
    placed.push(index);
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}

function sizeOf(ranges: readonly LiveRange[], index: number): number {
  return aligned((ranges[index] as LiveRange).bytes);
}

function overlapInTime(a: LiveRange, b: LiveRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}
