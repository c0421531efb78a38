/** SPEC 1.3 on single numbers: float to code and back. */

/** f32 to code by half-to-even rounding of x · (1/s), clamped; NaN is the zero point. */
export function quantizeFloat(x: number, scale: number, zeroPoint: number, [lo, hi]: readonly [number, number]): number {
  const scaled = Math.fround(Math.fround(x) * Math.fround(1 / Math.fround(scale)));
  if (Number.isNaN(scaled)) return Math.min(Math.max(zeroPoint, lo), hi);
  return Math.min(Math.max(roundHalfToEven(scaled) + zeroPoint, lo), hi);
}

/** What is left of x when its code is read back. */
export function fakeQuantize(x: number, { scale, range }: { readonly scale: number; readonly range: readonly [number, number] }): number {
  return Math.fround(quantizeFloat(x, scale, 0, range) * scale);
}

/** Exact for every f32: from 2^23 on they are integers, and below that floor and the difference lose nothing. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)) return floor + 1;
  return floor;
}
