/** SPEC 1.3 on single numbers: float to code and back. */
import type { Constant, FakeQuantizeAttributes } from './graph.js';

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

/** The scale of element `index` of a row-major array of `shape`. */
export function scaleOf({ scale, axis = 0 }: FakeQuantizeAttributes, shape: readonly number[], index: number): number {
  if (typeof scale === 'number') return scale;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return scale[Math.floor(index / inner) % scale.length]!;
}

/** A constant as its codes show it. */
export function shownConstant(constant: Constant, attributes: FakeQuantizeAttributes): Constant {
  const { shape } = constant;
  const { range } = attributes;
  return { dtype: 'f32', shape, data: Float32Array.from(constant.data, (x, index) => fakeQuantize(x, { scale: scaleOf(attributes, shape, index), range })) };
}

/** The zero point with which codes of a range are stored: 0 where a byte holds them as they are, else they are stored unsigned from the lowest on. */
export function zeroPointOf([lo, hi]: FakeQuantizeAttributes['range']): number {
  return lo >= 0 || (lo >= -128 && hi <= 127) ? 0 : -lo;
}

/** Exact for every f32: from 2^23 on they are integers, and below that floor and the difference lose nothing. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)) return floor + 1;
  return floor;
}
