/**
 * Gradient vectorized quantization with magnitude-aware clipping: DAI8 (Zhao et al., "Distribution Adaptive INT8 Quantization for Training CNNs",
 * AAAI 2021, arXiv 2102.04782).
 *
 * For the weight gradient every output channel i has a clip of its own. With σ the channel's standard deviation, m its maximum of |g|:
 *
 *     s = m                          where P(|g| > σ) > λ = 0.3: like a Gaussian, which has 0.317
 *     s = (1 − A)·s' + A·m, A = 0.8  else: sharp with long tails ("inverted T"); s' is the channel's clip before, m at first
 *
 * For the gradient of the input G has one clip: channels are summed over there. The sources do not say how it is chosen; here it is max|G|.
 */
import type { GradientPolicy, GradientStatistics } from './policy.js';
import { ZERO_CLIP, clipAt } from './zero-gradient.js';

/** λ of the paper. */
const GAUSSIAN_FRACTION = 0.3;
/** A of the paper, with k = 1. */
const RATE = 0.8;

function channelClips(statistics: GradientStatistics, before: readonly number[]): number[] {
  const { maximum, beyond } = statistics.channels();
  return Array.from(maximum, (most, channel) => {
    if ((beyond[channel] as number) > GAUSSIAN_FRACTION) return most;
    return (1 - RATE) * (before[channel] ?? most) + RATE * most;
  });
}

export function dai8(): GradientPolicy {
  return {
    name: 'dai8',
    /** The clips of the step before; empty before the first. */
    initial: () => ({ clips: [] }),
    decide(statistics, state) {
      if (statistics.maximum === 0) {
        const count = statistics.channels().maximum.length;
        return { clip: ZERO_CLIP, channelClips: new Float32Array(count).fill(ZERO_CLIP), state };
      }
      const clips = channelClips(statistics, (state as { clips: readonly number[] }).clips);
      return { clip: clipAt(statistics.maximum, 1), channelClips: Float32Array.from(clips, (clip) => clipAt(clip, 1)), state: { clips } };
    },
  };
}
