/**
 * The learned interval of LBT (Kim et al., "Toward INT4 Fixed-Point Training via Exploring Quantization Error for Gradients", ECCV 2024,
 * arXiv 2407.12637; constants and order of operations as in the released code).
 *
 *     c = γ·max|G|;  R = fraction of |G| beyond c;  target τ = α/(2^b − 1);  after every step γ ← clamp(γ + step·sign(R − τ), minimum, 1)
 *
 * An upper bound of the error on the α of the gradients that are largest is least where R = τ (section 3 of the paper). R is known when a step is over,
 * so here γ moves at the beginning of the next, which is the same sequence. A step whose G is all zero moves nothing.
 *
 * The sign balances the median of R at τ. Since max|G| itself always lies beyond c, R ≥ 1/N: with N·τ < 1 γ drifts to 1, which `warning` says.
 */
import { DyadicError } from '../../errors.js';
import { checkOptionNames } from '../option-names.js';
import { checkFraction } from './check-option.js';
import type { GradientPolicy, GradientState, GradientStatistics } from './policy.js';
import { ratioBeyond } from './quantile.js';
import { ZERO_CLIP, clipAt } from './zero-gradient.js';

export interface IntervalOptions {
  /** The fraction of gradients that counts as large, in (0, 1]. */
  readonly alpha?: number;
  /** By how much γ moves in a step, in (0, 1]. */
  readonly step?: number;
  /** The least γ, in (0, 1]. */
  readonly minimum?: number;
  /**
   * `quantile` starts with γ at the 1 − τ quantile of |G|/max, where the loop would go anyway. `paper` spends the first step on measuring, with γ = 1 and
   * no change of weights, and starts far below: its search stops where a slow average of R reaches τ, not R itself.
   */
  readonly start?: 'quantile' | 'paper';
}

/** `started`: γ has been measured. `moves`: the step before had a gradient, so that its R counts. */
interface IntervalState {
  readonly gamma: number;
  readonly started: number;
  readonly moves: number;
}

/** Fine enough for γ, which moves by 0.001; a multiple of 1000, so that the paper's candidates are edges of bins. */
const BINS = 4000;
/** The paper's search: candidates 0.001 apart, average with weight 0.001. */
const SEARCH_STEPS = 1000;
const SEARCH_RATE = 0.001;

/** τ = α/(2^b − 1) */
export function clippedTarget(alpha: number, bits: number): number {
  return alpha / (2 ** bits - 1);
}

/** γ where the released code's first step ends. */
function paperGamma(histogram: Int32Array, target: number): number {
  let total = 0;
  for (const count of histogram) total += count;
  const binsPerStep = histogram.length / SEARCH_STEPS;
  let [average, beyond, lowest] = [0, 0, histogram.length];
  for (let step = SEARCH_STEPS; ; step--) {
    for (const edge = step * binsPerStep; lowest > Math.max(edge, 0); ) beyond += histogram[--lowest] as number;
    average = (1 - SEARCH_RATE) * average + SEARCH_RATE * (beyond / total);
    if (average > target) return (step + 1) / SEARCH_STEPS;
  }
}

function checkOptions({ alpha, step, minimum, start }: Required<IntervalOptions>): void {
  checkFraction('interval', 'alpha', alpha, 0, 1);
  checkFraction('interval', 'step', step, 0, 1);
  checkFraction('interval', 'minimum', minimum, 0, 1);
  if (start !== 'quantile' && start !== 'paper') {
    throw new DyadicError('ERR_ARGUMENT', { op: 'interval', argument: 'start', expected: 'quantile or paper', received: String(start) });
  }
}

/** @throws DyadicError ERR_ARGUMENT: an option outside its range. */
export function interval(options: IntervalOptions = {}): GradientPolicy {
  checkOptionNames(options, ['alpha', 'step', 'minimum', 'start'] satisfies (keyof IntervalOptions)[], 'interval');
  const all = { alpha: 1e-3, step: 1e-3, minimum: 1e-3, start: 'quantile', ...options } as const;
  checkOptions(all);
  const { alpha, step, minimum, start } = all;
  const clamp = (gamma: number): number => Math.min(Math.max(gamma, minimum), 1);

  const begin = (statistics: GradientStatistics, state: IntervalState): { ratio: number; state: IntervalState } => {
    // A layer without a gradient must not hold up a training that only measures.
    if (statistics.maximum === 0) return { ratio: 1, state: start === 'paper' ? { ...state, started: 1 } : state };
    const target = clippedTarget(alpha, statistics.bits);
    const histogram = statistics.histogram(BINS);
    if (start === 'paper') return { ratio: 1, state: { gamma: clamp(paperGamma(histogram, target)), started: 1, moves: 0 } };
    const gamma = clamp(ratioBeyond(histogram, target));
    return { ratio: gamma, state: { gamma, started: 1, moves: 1 } };
  };

  const move = (statistics: GradientStatistics, state: IntervalState): { ratio: number; state: IntervalState } => {
    const fraction = statistics.previousClippedFraction;
    const direction = state.moves === 0 || fraction === undefined ? 0 : Math.sign(fraction - clippedTarget(alpha, statistics.bits));
    const gamma = clamp(state.gamma + step * direction);
    return { ratio: gamma, state: { gamma, started: 1, moves: statistics.maximum === 0 ? 0 : 1 } };
  };

  return {
    name: 'interval',
    initial: () => ({ gamma: 1, started: 0, moves: 0 }),
    decide(statistics, state) {
      const before = state as unknown as IntervalState;
      const after = before.started === 0 ? begin(statistics, before) : move(statistics, before);
      const clip = statistics.maximum === 0 ? ZERO_CLIP : clipAt(statistics.maximum, after.ratio);
      return { clip, state: { ...after.state } satisfies GradientState };
    },
    warning(count, bits) {
      const expected = count * clippedTarget(alpha, bits);
      if (expected >= 1) return undefined;
      return `${count} gradients · alpha ${alpha} / (2^${bits} − 1) = ${expected.toPrecision(2)} is below 1: the interval drifts to min-max; raise alpha or the batch`;
    },
    isMeasuring: (state) => start === 'paper' && (state as unknown as IntervalState).started === 0,
  };
}
