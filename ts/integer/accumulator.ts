/** The accumulator clause, SPEC 2.4: no sum that a network can produce leaves 32 bits. */
import { DyadicError } from '../errors.js';
import type { Pair, Requantization } from './integer-graph.js';

/** What the clause needs to know of a requantization: its form and shifts, not its multipliers. */
export type RequantizationShifts =
  | { readonly form: 'copy' }
  | { readonly form: 'q15'; readonly shift: number }
  | { readonly form: 'exact'; readonly left: number };

/** Sums of one output channel's weights. */
export interface ChannelWeights {
  /** P: sum of the positive weights. */
  readonly positive: number;
  /** N: sum of the negative weights. */
  readonly negative: number;
  readonly bias: number;
}

/** A = max|Σ w·(a − zp)| + |bias| over codes a within `range`. */
export function accumulatorBound({ positive, negative, bias }: ChannelWeights, range: Pair, zeroPoint: number): number {
  const low = Math.min(range[0] - zeroPoint, 0);
  const high = Math.max(range[1] - zeroPoint, 0);
  return Math.max(positive * high + negative * low, -(positive * low + negative * high)) + Math.abs(bias);
}

/** The same for a kernel that multiplies raw codes and subtracts zp·Σw once. */
export function rawAccumulatorBound(weights: ChannelWeights, range: Pair, zeroPoint: number): number {
  return accumulatorBound(weights, range, 0) + Math.abs(zeroPoint * (weights.positive + weights.negative));
}

/** Largest magnitude of a weight. */
export const MOST_WEIGHT: Readonly<Record<'i4' | 'i8', number>> = { i4: 7, i8: 127 };

/**
 * A, and the bound of raw codes, of any channel of `taps` weights that may be whatever their type allows. Nearly every layer passes by it alone, so that
 * a network is loaded without a look at its weights.
 */
export function worstAccumulatorBound(taps: number, dtype: 'i4' | 'i8', bias: ArrayLike<number> | null, range: Pair, zeroPoint: number): number {
  const code = Math.max(Math.abs(range[0]), Math.abs(range[1])) + Math.abs(zeroPoint);
  let most = 0;
  for (let i = 0; i < (bias?.length ?? 0); i++) most = Math.max(most, Math.abs(bias?.[i] ?? 0));
  return taps * MOST_WEIGHT[dtype] * code + most;
}

/** What A must stay below, exclusive. */
export function accumulatorLimit(requantization: RequantizationShifts): number {
  switch (requantization.form) {
    case 'copy':
      return 2 ** 31;
    case 'q15':
      return requantization.shift >= 1 ? 2 ** 31 - 2 ** (requantization.shift - 1) : 2 ** 31;
    case 'exact':
      return 2 ** 31 / (1 << requantization.left);
  }
}

/** Sums per output channel of weights stored [channels][…]; `bias` has one element per channel or is null. */
export function channelWeights(weights: Int8Array | Int32Array, channels: number, bias: Int8Array | Int32Array | null): ChannelWeights[] {
  const taps = weights.length / channels;
  return Array.from({ length: channels }, (_, channel) => ({ ...signedSums(weights, channel * taps, (channel + 1) * taps), bias: bias?.[channel] ?? 0 }));
}

/** Σ of the positive and of the negative weights from `start` to `end`. Without a branch on the sign, which no processor can predict: from Σw and Σ|w|. */
export function signedSums(weights: Int8Array | Int32Array, start: number, end: number): Omit<ChannelWeights, 'bias'> {
  let sum = 0;
  let magnitude = 0;
  for (let i = start; i < end; i++) {
    const weight = weights[i] as number;
    sum += weight;
    magnitude += Math.abs(weight);
  }
  return { positive: (magnitude + sum) / 2, negative: (sum - magnitude) / 2 };
}

/** Throws ERR_ACCUMULATOR naming the first channel that breaks the clause. */
export function checkAccumulator(op: string, channels: readonly ChannelWeights[], range: Pair, zeroPoint: number, requantization: Requantization): void {
  const limit = accumulatorLimit(requantization);
  channels.forEach((channel, index) => {
    const bound = Math.max(accumulatorBound(channel, range, zeroPoint), rawAccumulatorBound(channel, range, zeroPoint));
    if (bound >= limit) {
      throw new DyadicError('ERR_ACCUMULATOR', {
        op, argument: `channel ${index}`, expected: `sums below ${limit} for ${requantization.form} (SPEC 2.4)`, received: `up to ${bound}`,
      });
    }
  });
}

/** The clause for one code or carrier at a time: a requantization without weights. */
export function checkSingleCode(op: string, range: Pair, zeroPoint: number, requantization: Requantization): void {
  const limit = accumulatorLimit(requantization);
  const bound = accumulatorBound({ positive: 1, negative: 0, bias: 0 }, range, zeroPoint);
  if (bound >= limit) {
    throw new DyadicError('ERR_ACCUMULATOR', { op, argument: 'requantization', expected: `codes below ${limit} for ${requantization.form} (SPEC 2.4)`, received: `up to ${bound}` });
  }
}
