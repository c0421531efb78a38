import { powerOfTwo, roundHalfEven } from '../rounding.js';

/** SPEC 2.3 with multipliers of up to 31 bits: the largest of them stands in [2^30, 2^31). */
export interface ExactForm {
  readonly form: 'exact';
  readonly left: number;
  readonly shift: number;
  readonly multipliers: Int32Array;
}

const MAX_MULTIPLIER = 2147483647;

/** ratio ≈ b / 2^(shift − left) for every ratio; null when the largest is too large for left ≤ 24. Ratios of 0 get the largest b. */
export function exactForm(ratios: ArrayLike<number>): ExactForm | null {
  let top = 0;
  for (let i = 0; i < ratios.length; i++) top = Math.max(top, ratios[i]!);
  if (top === 0) top = 1;
  let exponent = 0;
  while (exponent < 62 && top * powerOfTwo(exponent + 1) < 2147483648) exponent++;
  while (top * powerOfTwo(exponent) >= 2147483648) exponent--;
  const left = Math.max(0, 33 - exponent);
  if (left > 24) return null;
  const largest = multiplier(top, exponent);
  const multipliers = Int32Array.from({ length: ratios.length }, (_, i) => (ratios[i] === 0 ? largest : multiplier(ratios[i]!, exponent)));
  return { form: 'exact', left, shift: exponent + left, multipliers };
}

function multiplier(ratio: number, exponent: number): number {
  return Math.min(MAX_MULTIPLIER, Math.max(1, roundHalfEven(ratio * powerOfTwo(exponent))));
}
