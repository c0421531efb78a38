/**
 * Whether Winograd F(4,3) is exact for a layer (crates/kernels/src/conv/winograd_f43): its sums wrap modulo 2^32 and end as 64·Y, so every Y, the
 * sum of products of raw codes without the bias, must lie in [−2^25, 2^25 − 1]. Transformed codes and weights fit i16 whatever they are.
 */
import type { Pair } from '../integer/integer-graph.js';

/** Exclusive on both sides: the lower end itself would be exact too, but no layer is worth the asymmetry. */
const LIMIT = 2 ** 25;

/** Σ of the positive and of the negative weights of one output channel. */
export interface SignedSums {
  readonly positive: number;
  readonly negative: number;
}

/**
 * max|Y| of one output channel over codes within `range`. Padding reads the zero point, which need not lie in the range, so it counts as a code.
 * For codes ≥ 0 this is max(P, |N|)·amax, for a symmetric range amax·Σ|w|.
 */
export function winogradBound({ positive, negative }: SignedSums, range: Pair, zeroPoint: number): number {
  const low = Math.min(range[0], zeroPoint);
  const high = Math.max(range[1], zeroPoint);
  return Math.max(Math.abs(positive * high + negative * low), Math.abs(positive * low + negative * high));
}

/** Whether no input within `range` can make a sum of any channel wrong. */
export function isWinogradExact(channels: readonly SignedSums[], range: Pair, zeroPoint: number): boolean {
  return channels.every((channel) => winogradBound(channel, range, zeroPoint) < LIMIT);
}
