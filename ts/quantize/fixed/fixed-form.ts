import { powerOfTwo, roundHalfEven } from '../rounding.js';
import { Q15_MAX, Q15_SHIFTS, type Q15Form } from '../scales/linear-q15.js';

/** One output channel of a layer whose weight codes are fixed. */
export interface FixedChannel {
  /** What one step of the accumulator is worth in output codes; > 0. */
  readonly ratio: number;
  /** Largest |code| that the weights can add, proved from the input's range. */
  readonly varying: number;
  /** The same on what calibration saw, where that is known. */
  readonly moving: number;
  /** Largest |code| before the clamp, bias included: proved, or for a carrier what calibration saw with room, if that is less. */
  readonly reach: number;
}

export interface FixedFormRequest {
  readonly channels: readonly FixedChannel[];
  readonly clamp: readonly [number, number];
  /** Multipliers from here on must be within 2^−9 of the ratio; below it a channel may be off by up to a code. */
  readonly floor: number;
  /** Largest error that q15 may make, in output codes. */
  readonly tolerance: number;
}

/** b/2^(15+s) must be this near to the ratio. */
const PRECISION = 1 / 512;

/** q15 at the shift with the smallest error, if it holds every channel (DESIGN §3.1, codes already fixed); else null. */
export function fixedQ15(request: FixedFormRequest): Q15Form | null {
  let best: Q15Form | null = null;
  let bestError = request.tolerance;
  for (let shift = Q15_SHIFTS.lowest; shift <= Q15_SHIFTS.highest; shift++) {
    const power = powerOfTwo(15 + shift);
    const multipliers = Int32Array.from(request.channels, ({ ratio }) => Math.min(Q15_MAX + 1, roundHalfEven(ratio * power)));
    if (multipliers.some((b) => b > Q15_MAX)) break;
    let error = 0;
    for (const [c, channel] of request.channels.entries()) error = Math.max(error, channelError(channel, multipliers[c]!, shift, request));
    if (error >= bestError) continue;
    bestError = error;
    best = { form: 'q15', shift, multipliers };
  }
  return best;
}

/** A bound on how far a channel's codes are from those of the exact ratio; Infinity where q15 does not hold it. */
function channelError({ ratio, moving, reach }: FixedChannel, b: number, shift: number, { clamp: [lo, hi], floor }: FixedFormRequest): number {
  if (b < 1) return Infinity;
  const relative = Math.abs(b / powerOfTwo(15 + shift) - ratio) / ratio;
  const shown = Math.max(-lo, hi);
  const moved = relative * Math.min(moving, 2 * shown);
  if (b >= floor ? relative > PRECISION : moved > 1) return Infinity;
  const isHidden = b > shown;
  if (!isHidden && (reach / ratio) * powerOfTwo(-shift) + 1 > Q15_MAX) return Infinity;
  return moved + (shift >= 1 ? (0.5 * b) / 32768 : 0);
}
