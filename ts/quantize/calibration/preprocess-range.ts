import type { Preprocess } from '../../integer/integer-graph.js';

/** Smallest and largest number that a picture's bytes can become: SPEC 5.1 for the bytes 0 and 255, every step in f32. */
export function preprocessRange({ mean, std }: Preprocess): { lo: number; hi: number } {
  let lo = Infinity;
  let hi = -Infinity;
  for (const [c, m] of mean.entries()) {
    const factor = Math.fround(1 / Math.fround(std[c]!));
    for (const byte of [0, 255]) {
      const unit = Math.fround(byte * Math.fround(1 / 255));
      const x = Math.fround(Math.fround(unit - Math.fround(m)) * factor);
      lo = Math.min(lo, x);
      hi = Math.max(hi, x);
    }
  }
  return { lo, hi };
}
