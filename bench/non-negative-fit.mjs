/** Least squares with coefficients ≥ 0, by coordinate descent on the normal equations: a handful of unknowns, so it converges at once. */
export function fitNonNegative(rows, rounds = 20_000) {
  const size = rows[0].features.length;
  // Features differ by many orders of magnitude; columns of length 1 make the descent even.
  const scale = Array.from({ length: size }, (_, j) => Math.hypot(...rows.map(({ features }) => features[j])) || 1);
  const normal = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => rows.reduce((sum, { features }) => sum + (features[i] / scale[i]) * (features[j] / scale[j]), 0)));
  const right = Array.from({ length: size }, (_, i) => rows.reduce((sum, { features, target }) => sum + (features[i] / scale[i]) * target, 0));
  const solution = new Array(size).fill(0);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < size; i++) {
      const rest = normal[i].reduce((sum, value, j) => (j === i ? sum : sum + value * solution[j]), 0);
      solution[i] = normal[i][i] > 0 ? Math.max(0, (right[i] - rest) / normal[i][i]) : 0;
    }
  }
  return solution.map((value, i) => value / scale[i]);
}
