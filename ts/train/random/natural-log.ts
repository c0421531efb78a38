/** The natural logarithm from + − · / only, which every host rounds alike; `Math.log` is each host's own. */

const LN2 = 0.6931471805599453;
const SQRT2 = 1.4142135623730951;
const SQRT_HALF = 0.7071067811865476;
/** s^27/27 with s ≤ 0.1716 is below 2^−70. */
const LAST_TERM = 27;

/** ln(x), x a finite number > 0; about 1e−15 relative. */
export function naturalLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa > SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  while (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let term = LAST_TERM; term >= 1; term -= 2) series = series * square + 1 / term;
  return exponent * LN2 + 2 * s * series;
}
