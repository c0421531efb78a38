/**
 * Whether Winograd is exact for a layer. F(4,3) (crates/kernels/src/conv/winograd_f43): its sums wrap modulo 2^32 and end as 64·Y, so every Y, the
 * sum of products of raw codes without the bias, must lie in [−2^25, 2^25 − 1]; where one might not, the input channels are divided in parts. Transformed codes and weights fit i16 whatever they are.
 * F(2,3) (conv/winograd_f23): its sums end as four times the accumulator, bias and rounding included, which must lie within ±2^29.
 */
import { accumulatorBound, MOST_WEIGHT, signedSums, worstAccumulatorBound, type ChannelWeights, type RequantizationShifts } from '../integer/accumulator.js';
import type { Pair } from '../integer/integer-graph.js';

/** Exclusive on both sides: the lower end itself would be exact too, but no layer is worth the asymmetry. */
const LIMIT = 2 ** 25;

/**
 * max|Y| of one output channel over codes within `range`. Padding reads the zero point, which need not lie in the range, so it counts as a code.
 * For codes ≥ 0 this is max(P, |N|)·amax, for a symmetric range amax·Σ|w|.
 */
export function winogradBound({ positive, negative }: Omit<ChannelWeights, 'bias'>, range: Pair, zeroPoint: number): number {
  const low = Math.min(range[0], zeroPoint);
  const high = Math.max(range[1], zeroPoint);
  return Math.max(Math.abs(positive * high + negative * low), Math.abs(positive * low + negative * high));
}

/** Input channels of a part are whole vectors of the kernel, unless there is one part only. */
const LANES = 8;
const TAPS = 9;

/**
 * How many input channels F(4,3) may add up before it divides: all of `shape` = [outC, inC], or the largest of equal parts of them, so that no input within `range`
 * can make a sum of any part wrong. Up to 115 channels fit whatever the codes and weights of 8 bits are: 115·9·127·255 < 2^25; with weights of 4 bits 2,088.
 */
export function winogradPart(weights: Int8Array | Int32Array, [outC, inC]: Pair, range: Pair, zeroPoint: number, dtype: 'i4' | 'i8' = 'i8'): number {
  if (winogradBound({ positive: TAPS * inC * MOST_WEIGHT[dtype], negative: -TAPS * inC * MOST_WEIGHT[dtype] }, range, zeroPoint) < LIMIT) return inC;
  const fits = (part: number): boolean => {
    for (let channel = 0; channel < outC; channel++) {
      for (let from = 0; from < inC; from += part) {
        const sums = signedSums(weights, TAPS * (channel * inC + from), TAPS * (channel * inC + Math.min(from + part, inC)));
        if (winogradBound(sums, range, zeroPoint) >= LIMIT) return false;
      }
    }
    return true;
  };
  let part = inC;
  for (let parts = 2; !fits(part); parts++) part = LANES * Math.ceil(inC / LANES / parts);
  return part;
}

const F23_LIMIT = 2 ** 29;

/** Whether no input within `range` can make a sum of F(2,3) wrong: the accumulator clause of SPEC 2.4 with two bits less, and the rounding that sums start from. */
export function isWinogradF23Exact(channels: readonly ChannelWeights[], range: Pair, zeroPoint: number, requantization: RequantizationShifts): boolean {
  return channels.every((channel) => accumulatorBound(channel, range, zeroPoint) + roundingOf(requantization) < F23_LIMIT);
}

/** Whether that is so for all i4 weights of `inC` channels: nearly every layer passes without a look at its own. */
export function isWinogradF23ExactForAll(inC: number, bias: ArrayLike<number> | null, range: Pair, zeroPoint: number, requantization: RequantizationShifts): boolean {
  return worstAccumulatorBound(TAPS * inC, 'i4', bias, range, zeroPoint) + roundingOf(requantization) < F23_LIMIT;
}

function roundingOf(requantization: RequantizationShifts): number {
  return requantization.form === 'q15' && requantization.shift >= 1 ? 2 ** (requantization.shift - 1) : 0;
}
