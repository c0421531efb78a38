/** From samples to figures. */

/** The middle sample, or the mean of the two in the middle. */
export function median(samples) {
  if (samples.length === 0) throw new RangeError('the median of no samples');
  const sorted = Float64Array.from(samples).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Time of one operation from runs of a graph with 1 copy and runs of a graph with `copies`: what both have in common
 * (the call, the input's copy, reading the output) cancels.
 */
export function slope(one, many, copies) {
  return (median(many) - median(one)) / (copies - 1);
}

/** Milliseconds per operation over all rounds, and the fastest and slowest round. Without `many`: of whole runs. */
export function summarize(rounds, copies) {
  const time = ({ one, many }) => (many.length === 0 ? median(one) : slope(one, many, copies));
  const perRound = rounds.map(time);
  const all = (key) => rounds.flatMap((round) => round[key]);
  const milliseconds = time({ one: all('one'), many: all('many') });
  if (!(milliseconds > 0)) throw new Error(`${copies} copies took no longer than one: too noisy to say`);
  return { milliseconds, fastest: Math.min(...perRound), slowest: Math.max(...perRound), samples: rounds.reduce((count, { one }) => count + one.length, 0) };
}
