/** Float64 arithmetic with one result on every host: + − × ÷ and floor only, so that `quantize` writes the same bytes everywhere (DESIGN §3.7). */

/** Rounds to the nearest integer, ties to the even one (SPEC 1.3 `rhe`). */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** 2^n, exact, for |n| ≤ 1000; by products, because the spec of Math.pow leaves its last bit to the host. */
export function powerOfTwo(n: number): number {
  const factor = n < 0 ? 0.5 : 2;
  let power = 1;
  for (let i = Math.abs(n); i > 0; i--) power *= factor;
  return power;
}

export function clamp(x: number, lo: number, hi: number): number {
  return x < lo ? lo : x > hi ? hi : x;
}

/** The smallest integer ≥ x, but an x that is an integer up to float noise stays that integer. */
export function ceilTolerant(x: number): number {
  return Math.ceil(x * (1 - 1 / 1048576));
}
