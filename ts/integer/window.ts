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
  for (let start = -before, i = 0; i < output && start < 0; i++, start += stride) {
    if (start + Math.ceil(-start / dilation) * dilation >= input) return false;
  }
  return true;
}

/** The distinct numbers of elements the windows of an average pool count along this axis; 0 is among them where a window counts none. */
export function windowElements({ input, kernel, stride, before, after }: WindowAxis, output: number, includePad: boolean): Set<number> {
  const low = includePad ? -before : 0;
  const high = includePad ? input + after : input;
  const counts = new Set<number>();
  for (let i = 0; i < output; i++) {
    const start = i * stride - before;
    counts.add(Math.max(0, Math.min(start + kernel, high) - Math.max(start, low)));
  }
  return counts;
}
