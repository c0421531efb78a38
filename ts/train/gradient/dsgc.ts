/**
 * Direction sensitive gradient clipping with deviation counteractive learning rate scaling: UI8 (Zhu et al., "Towards Unified INT8 Training for
 * Convolutional Neural Network", CVPR 2020, sections 3.3 and 3.4).
 *
 *     d_c = 1 − cos(g, ĝ);  c = argmin d_c, searched every `period` steps;  learning rate · max(e^(−20·d_c), 0.1)
 *
 * Here cos is that of the means over stochastic rounding, Σ g·E ĝ / √(Σ g² · E Σ ĝ²), from a histogram of |G|/max (`expected-error.ts`). Between two
 * searches the clip keeps its ratio to max|G|, and the learning rate its scale: the paper leaves open what happens there.
 */
import { checkOptionNames } from '../option-names.js';
import { checkWhole } from './check-option.js';
import { expectedMoments } from './expected-error.js';
import { exponential } from './exponential.js';
import type { GradientPolicy } from './policy.js';
import { searchRatio } from './search-clip.js';
import { ZERO_CLIP, clipAt } from './zero-gradient.js';

export interface DsgcOptions {
  /** Steps from one search to the next, at least 1. */
  readonly period?: number;
  /** Bins of the histogram, 16 to 65536. */
  readonly bins?: number;
}

/** How fast the learning rate falls with the deviation, and how far: α and β of the paper. */
const DECAY = 20;
const SMALLEST_SCALE = 0.1;
/** e^−4 is below SMALLEST_SCALE, and the exponential is good from there. */
const LARGEST_EXPONENT = 4;

/** max(e^(−20·d), 0.1) */
export function learningRateScale(deviation: number): number {
  return Math.max(exponential(-Math.min(DECAY * deviation, LARGEST_EXPONENT)), SMALLEST_SCALE);
}

function deviation(histogram: Int32Array, ratio: number, bits: number): number {
  const { product, quantizedSquare, square } = expectedMoments(histogram, ratio, bits);
  return Math.max(0, 1 - product / Math.sqrt(square * quantizedSquare));
}

/** @throws DyadicError ERR_ARGUMENT: a period below 1, bins outside 16..65536. */
export function dsgc(options: DsgcOptions = {}): GradientPolicy {
  checkOptionNames(options, ['period', 'bins'] satisfies (keyof DsgcOptions)[], 'dsgc');
  const { period = 100, bins = 1024 } = options;
  checkWhole('dsgc', 'period', period, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('dsgc', 'bins', bins, 16, 65536);
  return {
    name: 'dsgc',
    /** `wait` steps until the next search. */
    initial: () => ({ wait: 0, ratio: 1, scale: 1 }),
    decide(statistics, state) {
      const { wait, ratio, scale } = state as { wait: number; ratio: number; scale: number };
      if (statistics.maximum === 0) return { clip: ZERO_CLIP, learningRateScale: scale, state };
      if (wait > 0) return { clip: clipAt(statistics.maximum, ratio), learningRateScale: scale, state: { wait: wait - 1, ratio, scale } };
      const histogram = statistics.histogram(bins);
      const best = searchRatio((candidate) => deviation(histogram, candidate, statistics.bits));
      const found = learningRateScale(deviation(histogram, best, statistics.bits));
      return { clip: clipAt(statistics.maximum, best), learningRateScale: found, state: { wait: period - 1, ratio: best, scale: found } };
    },
  };
}
