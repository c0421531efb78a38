/**
 * Min-max: the clip is max|G|, so nothing is clipped and the few largest gradients decide what a code is worth.
 *
 * The baseline of LBT (Kim et al., ECCV 2024, arXiv 2407.12637), γ ≡ 1 in its released code: c = max|G|, Δ = c/(2^(b−1) − 1).
 */
import type { GradientPolicy } from './policy.js';
import { clipAt } from './zero-gradient.js';

export function minmax(): GradientPolicy {
  return {
    name: 'minmax',
    initial: () => ({}),
    decide: ({ maximum }, state) => ({ clip: clipAt(maximum, 1), state }),
  };
}
