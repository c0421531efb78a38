/** Steps from which on a loss must have fallen; the first ones may go up. */
const ENOUGH = 8;

/** Whether losses look like training: finite, and lower at the end of a run that is long enough to say. */
export function trains(first, last, steps) {
  return Number.isFinite(first) && Number.isFinite(last) && (Number(steps) < ENOUGH || last < first);
}
