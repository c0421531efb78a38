import { HISTOGRAM_BINS, MagnitudeHistogram } from './histogram.js';
import type { RangeObserver } from './observer.js';

/** The smallest bin edge with at least `percentile` percent of all magnitudes, zeros included, at or below it. */
export class PercentileObserver implements RangeObserver {
  readonly #histogram: MagnitudeHistogram;

  constructor(top: number, readonly percentile: number) {
    this.#histogram = new MagnitudeHistogram(top);
  }

  observe(data: Float32Array): void {
    this.#histogram.add(data);
  }

  limit(): number {
    const { counts, zeros, total, top } = this.#histogram;
    const wanted = (total * this.percentile) / 100;
    let seen = zeros;
    for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
      seen += counts[bin]!;
      if (seen >= wanted && seen > zeros) return this.#histogram.edge(bin);
    }
    return top;
  }
}
