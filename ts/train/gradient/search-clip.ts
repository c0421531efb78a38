/** The clip with the least cost, over ratios of the maximum that fall by a constant factor. */

/** 2^(−1/4) and 2^(−1/16): coarse and fine. */
const COARSE = 0.8408964152537145;
const FINE = 0.9576032806985737;
/** Ten octaves: a ratio of 1/1024 is less than one code of 8 bits. */
const COARSE_STEPS = 40;
/** Fine steps to either side of the best coarse one reach its neighbours. */
const FINE_STEPS = 3;

/** A ratio in [2^−10, 1] at which `cost` is least to 4 %: the best of 41 ratios, then of those between it and its neighbours. The first of equals. */
export function searchRatio(cost: (ratio: number) => number): number {
  let best = { ratio: 1, cost: cost(1) };
  const consider = (ratio: number): void => {
    const candidate = cost(ratio);
    if (candidate < best.cost) best = { ratio, cost: candidate };
  };
  for (let step = 1, ratio = COARSE; step <= COARSE_STEPS; step++, ratio *= COARSE) consider(ratio);
  const middle = best.ratio;
  for (let step = 1, lower = middle * FINE, upper = middle / FINE; step <= FINE_STEPS; step++, lower *= FINE, upper /= FINE) {
    consider(lower);
    if (upper < 1) consider(upper);
  }
  return best.ratio;
}
