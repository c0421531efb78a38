/** A gradient without a scale: all of it is zero, or a channel is. */

/** The clip where |G| has no maximum above zero, as in LBT's released code: anything above zero, so that nothing is divided by zero. */
export const ZERO_CLIP = 1e-8;

/** `ratio` of the maximum as the f32 that the kernels read; `ZERO_CLIP` where that would not be above zero. */
export function clipAt(maximum: number, ratio: number): number {
  const clip = Math.fround(maximum * ratio);
  return clip > 0 ? clip : ZERO_CLIP;
}
