/**
 * The clip that minimises the mean squared quantization error of all gradients, anew in every step.
 *
 *     c = argmin E Σ (g − ĝ)²,  E over the noise of stochastic rounding
 *
 * It is the criterion that LBT (Kim et al., ECCV 2024, arXiv 2407.12637, abstract) argues against: since most gradients lie near zero it shrinks the
 * interval and pays with the few large ones. The minimum is found from a histogram of |G|/max (`expected-error.ts`), to 4 % of c.
 */
import { checkOptionNames } from '../option-names.js';
import { checkWhole } from './check-option.js';
import { expectedMoments } from './expected-error.js';
import type { GradientPolicy } from './policy.js';
import { searchRatio } from './search-clip.js';
import { ZERO_CLIP, clipAt } from './zero-gradient.js';

export interface MseOptions {
  /** Bins of the histogram, 16 to 65536. */
  readonly bins?: number;
}

/** @throws DyadicError ERR_ARGUMENT: bins outside 16..65536. */
export function mse(options: MseOptions = {}): GradientPolicy {
  checkOptionNames(options, ['bins'] satisfies (keyof MseOptions)[], 'mse');
  const { bins = 1024 } = options;
  checkWhole('mse', 'bins', bins, 16, 65536);
  return {
    name: 'mse',
    initial: () => ({}),
    decide(statistics, state) {
      if (statistics.maximum === 0) return { clip: ZERO_CLIP, state };
      const histogram = statistics.histogram(bins);
      const ratio = searchRatio((candidate) => expectedMoments(histogram, candidate, statistics.bits).squaredError);
      return { clip: clipAt(statistics.maximum, ratio), state };
    },
  };
}
