import { roundHalfEven } from '../rounding.js';
import { HISTOGRAM_BINS, MagnitudeHistogram } from './histogram.js';
import type { RangeObserver } from './observer.js';

/** Candidates for the limit are every 8th bin edge from 1/8 of the largest magnitude on. */
export const MSE_STEP = 8;

/** The limit whose codes have the smallest mean squared error, the elements standing at the middle of their bins. */
export class MseObserver implements RangeObserver {
  readonly #histogram: MagnitudeHistogram;

  constructor(top: number) {
    this.#histogram = new MagnitudeHistogram(top);
  }

  observe(data: Float32Array): void {
    this.#histogram.add(data);
  }

  limit(levels: number): number {
    const { top } = this.#histogram;
    if (top === 0) return 0;
    let best = top;
    let bestError = this.#error(top, levels);
    for (let bin = HISTOGRAM_BINS / 8 - 1; bin < HISTOGRAM_BINS - 1; bin += MSE_STEP) {
      const limit = this.#histogram.edge(bin);
      const error = this.#error(limit, levels);
      if (error < bestError) {
        best = limit;
        bestError = error;
      }
    }
    return best;
  }

  #error(limit: number, levels: number): number {
    const { counts, top } = this.#histogram;
    const scale = limit / levels;
    let sum = 0;
    for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
      const count = counts[bin]!;
      if (count === 0) continue;
      const x = ((bin + 0.5) * top) / HISTOGRAM_BINS;
      const difference = x - Math.min(levels, roundHalfEven(x / scale)) * scale;
      sum += count * difference * difference;
    }
    return sum;
  }
}
