/** Gradients with a known shape, and what a step tells a policy about them. */
import type { GradientStatistics } from '../../ts/train/gradient/policy.js';

/** Uniform in (0, 1), seeded. */
export function uniform(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Tails as heavy as those of Student's t with 3 degrees of freedom: P(|g| > x) ~ x^−3. */
export function heavyTailed(count: number, seed: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: count }, () => (next() < 0.5 ? -1 : 1) * (next() ** (-1 / 3) - 1) * 1e-3);
}

/** Two-sided exponential. */
export function laplace(count: number, seed: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: count }, () => (next() < 0.5 ? -1 : 1) * -Math.log(next()) * 1e-3);
}

/** About normal. */
export function gaussian(count: number, seed: number): Float32Array {
  const next = uniform(seed);
  const twelve = Array.from({ length: 12 }, () => 0);
  return Float32Array.from({ length: count }, () => twelve.reduce((sum) => sum + next() - 0.5, 0) * 1e-3);
}

export function fractionBeyond(gradient: Float32Array, clip: number): number {
  let beyond = 0;
  for (const g of gradient) if (Math.abs(g) > clip) beyond++;
  return beyond / gradient.length;
}

/** The statistics of [rows][channels] by definition. */
export function statisticsOf(gradient: Float32Array, bits: number, previousClippedFraction: number | undefined, channels = 1): GradientStatistics {
  const maximum = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  return {
    count: gradient.length,
    bits,
    maximum,
    previousClippedFraction,
    histogram(bins) {
      const counts = new Int32Array(bins);
      for (const g of gradient) (counts[Math.min(bins - 1, Math.floor((Math.abs(g) / maximum) * bins))] as number)++;
      return counts;
    },
    channels() {
      const columns = Array.from({ length: channels }, (_, channel) => gradient.filter((_, i) => i % channels === channel));
      const deviations = columns.map((column) => {
        const mean = column.reduce((sum, g) => sum + g, 0) / column.length;
        return Math.sqrt(column.reduce((sum, g) => sum + (g - mean) ** 2, 0) / (column.length - 1));
      });
      return {
        maximum: Float32Array.from(columns, (column) => column.reduce((most, g) => Math.max(most, Math.abs(g)), 0)),
        deviation: Float32Array.from(deviations),
        beyond: Float32Array.from(columns, (column, i) => fractionBeyond(column, deviations[i] as number)),
      };
    },
  };
}
