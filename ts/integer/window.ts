/** Windows along one spatial axis: sizes and what they cover (SPEC 3.1, 3.4). */

export interface WindowAxis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before (top or left) and after (bottom or right). */
  readonly before: number;
  readonly after: number;
}

/** Output size of a convolution, and of a pool without ceil mode; below 1 when the window does not fit. */
export function windowCount({ input, kernel, stride, dilation, before, after }: WindowAxis): number {
  return Math.floor((input + before + after - ((kernel - 1) * dilation + 1)) / stride) + 1;
}

/** Whether a pool may have this output size: the floor size, or one more where ceil mode gives it and the last window starts before the input's end. */
export function isPoolSize(axis: WindowAxis, output: number): boolean {
  const floor = windowCount(axis);
  if (output < 1) return false;
  if (output === floor) return true;
  const free = axis.input + axis.before + axis.after - ((axis.kernel - 1) * axis.dilation + 1);
  return output === floor + 1 && free % axis.stride !== 0 && (output - 1) * axis.stride < axis.input + axis.before;
}

/** Whether each of `output` windows has an element inside the input. */
export function everyWindowReads({ input, kernel, stride, dilation, before }: WindowAxis, output: number): boolean {
  if ((output - 1) * stride - before >= input) return false;
  if (Math.ceil(before / dilation) >= kernel) return false;
  // A step wider than the input may jump over it; otherwise the first tap at or after 0 is inside.
  if (dilation <= input) return true;
  // Of a window that starts before 0 that tap stands at start mod dilation. Counted, because a file may have 2^24 such windows.
  const early = Math.min(output, Math.ceil(before / stride));
  const first = (dilation - (before % dilation)) % dilation;
  return remaindersFrom(input, { count: early, first, step: stride % dilation, modulus: dilation }) === 0n;
}

interface Progression {
  readonly count: number;
  readonly first: number;
  readonly step: number;
  readonly modulus: number;
}

/** How many of (first + i·step) mod modulus, 0 ≤ i < count, are at least `least` ≤ modulus. */
function remaindersFrom(least: number, { count, first, step, modulus }: Progression): bigint {
  const [n, m, a, b] = [count, modulus, step, first].map(BigInt) as [bigint, bigint, bigint, bigint];
  return floorSum(n, m, a, b + m - BigInt(least)) - floorSum(n, m, a, b);
}

/** Σ floor((a·i + b) / m) over 0 ≤ i < n, by Euclid's steps. */
function floorSum(n: bigint, m: bigint, a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (;;) {
    sum += ((n * (n - 1n)) / 2n) * (a / m) + n * (b / m);
    const last = (a % m) * n + (b % m);
    if (last < m) return sum;
    [n, m, a, b] = [last / m, a % m, m, last % m];
  }
}

/**
 * The distinct numbers of elements the windows of an average pool count along this axis. Ends early with 0 among them where a window counts
 * none, or with more than `most`: a file cannot make us list them all.
 */
export function windowElements({ input, kernel, stride, before, after }: WindowAxis, output: number, includePad: boolean, most = Infinity): Set<number> {
  const low = includePad ? -before : 0;
  const high = includePad ? input + after : input;
  const counts = new Set<number>();
  for (let i = 0; i < output && counts.size <= most && !counts.has(0); i++) {
    const start = i * stride - before;
    const end = start + kernel;
    counts.add(Math.max(0, Math.min(end, high) - Math.max(start, low)));
    // Windows that lie inside, and those that hold everything, all count the same: on to the last of them.
    if (start >= low && end <= high) i = Math.floor((high - kernel + before) / stride);
    else if (start <= low && end >= high) i = Math.floor((low + before) / stride);
  }
  return counts;
}
