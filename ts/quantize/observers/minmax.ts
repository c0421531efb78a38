import type { RangeObserver } from './observer.js';

/** Smallest and largest element seen: nothing is ever clipped on the calibration samples. */
export class MinMaxObserver implements RangeObserver {
  lo = Infinity;
  hi = -Infinity;

  observe(data: Float32Array): void {
    let { lo, hi } = this;
    for (let i = 0; i < data.length; i++) {
      const x = data[i]!;
      if (x < lo) lo = x;
      if (x > hi) hi = x;
    }
    this.lo = lo;
    this.hi = hi;
  }

  limit(): number {
    return this.hi < this.lo ? 0 : Math.max(Math.abs(this.lo), Math.abs(this.hi));
  }
}
