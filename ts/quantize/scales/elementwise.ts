import { powerOfTwo, roundHalfEven } from '../rounding.js';
import { exactForm, type ExactForm } from './exact.js';
import { Q15_MAX, Q15_SHIFTS, type Q15Form } from './linear-q15.js';

export interface ElementwiseRequest {
  /** s_in/s_out, for average pools divided by each divisor. */
  readonly ratios: readonly number[];
  /** Per ratio, the smallest (≤ 0) and largest (≥ 0) accumulator. */
  readonly reach: readonly (readonly [number, number])[];
  /** The clamp behind the requantization. */
  readonly clamp: readonly [number, number];
}

/** b/2^(15+s) must be this near to the ratio. */
const TOLERANCE = 1 / 512;

/** Requantization of codes whose scale is fixed already: a copy when nothing changes, the most precise q15 if it holds, else exact. */
export function elementwiseForm(request: ElementwiseRequest, mode: 'auto' | 'exact'): { form: 'copy' } | Q15Form | ExactForm | null {
  if (request.ratios.every((ratio) => ratio === 1)) return { form: 'copy' };
  const q15 = mode === 'auto' ? bestQ15(request) : null;
  return q15 ?? exactForm(request.ratios);
}

/** The shift with the smallest bound on the error of a code, in codes: the multiplier's rounding, plus the rounding of t. */
function bestQ15(request: ElementwiseRequest): Q15Form | null {
  let best: Q15Form | null = null;
  let bestError = Infinity;
  for (let shift = Q15_SHIFTS.lowest; shift <= Q15_SHIFTS.highest; shift++) {
    const power = powerOfTwo(15 + shift);
    const multipliers = Int32Array.from(request.ratios, (ratio) => Math.min(Q15_MAX + 1, roundHalfEven(ratio * power)));
    const error = errorBound(request, shift, multipliers);
    if (error < bestError) {
      bestError = error;
      best = { form: 'q15', shift, multipliers };
    }
  }
  return best;
}

function errorBound({ ratios, reach, clamp }: ElementwiseRequest, shift: number, multipliers: Int32Array): number {
  let worst = 0;
  for (let i = 0; i < ratios.length; i++) {
    const b = multipliers[i]!;
    const ratio = ratios[i]!;
    if (b < 1 || b > Q15_MAX) return Infinity;
    const relative = Math.abs(b / powerOfTwo(15 + shift) - ratio) / ratio;
    if (relative > TOLERANCE || !tHolds(reach[i]!, shift, b, clamp)) return Infinity;
    const code = Math.min(Math.max(-clamp[0], clamp[1]), Math.max(-reach[i]![0], reach[i]![1]) * ratio);
    worst = Math.max(worst, relative * code + (shift >= 1 ? (0.5 * b) / 32768 : 0));
  }
  return worst;
}

/** t holds every accumulator, or saturates only where the clamp hides it. */
function tHolds([lowest, highest]: readonly [number, number], shift: number, b: number, [lo, hi]: readonly [number, number]): boolean {
  const factor = powerOfTwo(-shift);
  const half = shift >= 1 ? 0.5 : 0;
  const highFits = highest * factor + half < 32768 || b > hi;
  const lowFits = lowest * factor + half >= -32768 || -b <= lo;
  return highFits && lowFits;
}
