/** cos(π·x) for x in [0, 1] from + − · only, so that every host gives the same bits; `Math.cos` is each host's own. Within 1e−15. */
export function cosineOfHalfTurns(x: number): number {
  // cos(π·x) = −cos(π·(1 − x)), and sin(π·(½ − x)) is exact in its argument near the zero.
  if (x > 0.5) return -cosineOfHalfTurns(1 - x);
  return x > 0.25 ? series(Math.PI * (0.5 - x), 1) : series(Math.PI * x, 0);
}

/** Taylor's series of sin (`odd` 1) or cos (0) for |y| ≤ π/4, by Horner: the term left out is below 2^−60. */
function series(y: number, odd: 0 | 1): number {
  const square = y * y;
  let sum = 1;
  for (let n = LAST_TERM + odd; n >= 2 + odd; n -= 2) sum = 1 - (sum * square) / (n * (n - 1));
  return odd === 1 ? sum * y : sum;
}

const LAST_TERM = 18;
