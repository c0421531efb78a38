/** Sizes of sliding windows along one axis: convolution and pooling share them (SPEC 3.1, 3.4). */

/** Elements from the first to the last tap of a kernel. */
export function effectiveKernel(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Windows that fit; below 1 where the kernel is larger than the padded input. */
export function windowCount(size: number, before: number, after: number, kernel: number, stride: number, dilation: number): number {
  return Math.floor((size + before + after - effectiveKernel(kernel, dilation)) / stride) + 1;
}

/**
 * Windows in ONNX's ceil mode: one more where elements are left over, unless that window would start in the trailing padding (or past it).
 */
export function windowCountCeil(size: number, before: number, after: number, kernel: number, stride: number, dilation: number): number {
  const count = Math.ceil((size + before + after - effectiveKernel(kernel, dilation)) / stride) + 1;
  return count > 1 && (count - 1) * stride >= size + before ? count - 1 : count;
}

/** Whether every one of `count` windows has a tap on the input proper. */
export function everyWindowTouches(count: number, size: number, before: number, kernel: number, stride: number, dilation: number): boolean {
  for (let index = 0; index < count; index++) {
    const start = index * stride - before;
    const tap = start < 0 ? Math.ceil(-start / dilation) : 0;
    if (tap >= kernel || start + tap * dilation >= size) return false;
  }
  return true;
}
