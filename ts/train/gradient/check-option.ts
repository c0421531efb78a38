/** Refuses options that no gradient policy can work with. */
import { DyadicError } from '../../errors.js';

/** @throws DyadicError ERR_ARGUMENT unless `low` < value ≤ `high`. */
export function checkFraction(policy: string, option: string, value: number, low: number, high: number): void {
  if (value > low && value <= high) return;
  throw new DyadicError('ERR_ARGUMENT', { op: policy, argument: option, expected: `a number above ${low}, at most ${high}`, received: String(value) });
}

/** @throws DyadicError ERR_ARGUMENT unless the value is a whole number from `low` to `high`. */
export function checkWhole(policy: string, option: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new DyadicError('ERR_ARGUMENT', { op: policy, argument: option, expected: `a whole number from ${low} to ${high}`, received: String(value) });
}
