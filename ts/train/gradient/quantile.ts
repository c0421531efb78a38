/** Quantiles of |G|/max from its histogram over [0, 1]. */

/**
 * The ratio x with the given fraction of |G|/max beyond it, linear within a bin: 1 for fraction 0, 0 for fraction 1.
 *
 * @param histogram counts of equal bins of [0, 1], at least one of them above 0.
 */
export function ratioBeyond(histogram: Int32Array, fraction: number): number {
  let total = 0;
  for (const count of histogram) total += count;
  const wanted = fraction * total;
  let beyond = 0;
  for (let bin = histogram.length - 1; bin >= 0; bin--) {
    const count = histogram[bin] as number;
    if (beyond + count > wanted) return (bin + 1 - (wanted - beyond) / count) / histogram.length;
    beyond += count;
  }
  return 0;
}
