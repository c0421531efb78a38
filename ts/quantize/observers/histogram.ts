export const HISTOGRAM_BINS = 2048;

/** Counts of |x| in 2048 equal bins over [0, top]; zeros are counted apart, because every code represents them exactly. */
export class MagnitudeHistogram {
  readonly counts = new Float64Array(HISTOGRAM_BINS);
  zeros = 0;
  total = 0;

  /** `top`: the largest |x| of the first pass; larger ones count in the last bin. */
  constructor(readonly top: number) {}

  add(data: Float32Array): void {
    const { counts } = this;
    const factor = this.top > 0 ? HISTOGRAM_BINS / this.top : 0;
    let zeros = 0;
    for (let i = 0; i < data.length; i++) {
      const magnitude = Math.abs(data[i]!);
      if (magnitude === 0) {
        zeros++;
        continue;
      }
      const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor(magnitude * factor));
      counts[bin] = counts[bin]! + 1;
    }
    this.zeros += zeros;
    this.total += data.length;
  }

  /** Upper edge of a bin. */
  edge(bin: number): number {
    return bin === HISTOGRAM_BINS - 1 ? this.top : ((bin + 1) * this.top) / HISTOGRAM_BINS;
  }
}
