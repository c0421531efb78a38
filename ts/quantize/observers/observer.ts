/** Sees every element of one value over all calibration samples, and answers how large a code must be able to get. */
export interface RangeObserver {
  observe(data: Float32Array): void;
  /**
   * The largest magnitude that codes must reach, > 0 unless every element was 0.
   * `levels` is the largest code magnitude (15, 127, 255): error-minimising observers choose by it.
   */
  limit(levels: number): number;
}
