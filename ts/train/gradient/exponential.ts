/** e^x from + · / alone: Math.exp is not the same on every engine, and the learning rate decides bits. */

const HALVINGS = 4;
const TERMS = 14;

/** e^x for −4 ≤ x ≤ 0, to about 1e−15: the Taylor series at x/16, squared four times. */
export function exponential(x: number): number {
  const small = x / 2 ** HALVINGS;
  let sum = 1;
  for (let term = TERMS; term >= 1; term--) sum = 1 + (small / term) * sum;
  for (let i = 0; i < HALVINGS; i++) sum *= sum;
  return sum;
}
