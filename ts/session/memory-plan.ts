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
  /** By ascending begin, so that a network of thousands of buffers needs no sorting for each of them. */
  const placed: Place[] = [];
  let total = 0;
  for (const index of order) {
    const range = ranges[index] as LiveRange;
    const size = aligned(range.bytes);
    let offset = 0;
    for (const rival of placed) {
      if (offset + size <= rival.begin) break;
      if (rival.end > offset && overlapInTime(range, rival.range)) offset = rival.end;
    }
    offsets[index] = offset;
    placed.splice(firstFrom(placed, offset), 0, { begin: offset, end: offset + size, range });
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}

/** A buffer that has its bytes [begin, end). */
interface Place {
  readonly begin: number;
  readonly end: number;
  readonly range: LiveRange;
}

/** Position of the first place that begins at `offset` or after it. */
function firstFrom(places: readonly Place[], offset: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as Place).begin < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sizeOf(ranges: readonly LiveRange[], index: number): number {
  return aligned((ranges[index] as LiveRange).bytes);
}

function overlapInTime(a: LiveRange, b: LiveRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}
