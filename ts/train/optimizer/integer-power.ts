/** base^exponent by squaring: + − · / only, so that every host gives the same bits; `Math.pow` is each host's own. `exponent` an integer ≥ 0. */
export function integerPower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
