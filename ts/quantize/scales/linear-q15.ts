import { ceilTolerant, powerOfTwo } from '../rounding.js';

/** SPEC 2.2, one multiplier per output channel. */
export interface Q15Form {
  readonly form: 'q15';
  readonly shift: number;
  readonly multipliers: Int32Array;
}

export const Q15_MAX = 32767;
export const Q15_SHIFTS = { lowest: -15, highest: 22 } as const;
/** Smallest multiplier of 8-bit and of 4-bit outputs: above the largest code, so that the clamp hides a saturated t. */
export const CODE_FLOOR = { eight: 256, four: 32 } as const;
/** Share of the channels that must keep their own weight scale. */
const KEPT_SHARE = 0.9;

/**
 * Chooses shift and multipliers of a layer whose weight scales are still free (DESIGN §3.1): the smallest shift at which 90 % of the channels
 * need no more than their own multiplier and none needs more than 15 bits. `ratios[c]` = s_in·s_w0[c]/s_out, 0 for all-zero weights;
 * `floors[c]` is the smallest multiplier channel c may have: a constant for codes; for carriers, what keeps its accumulator inside 16 bits.
 * `counted` leaves channels out of the 90 %, because a coarse scale does not show in them. Returns null when no shift does it.
 */
export function linearQ15(ratios: Float64Array, floors: ArrayLike<number>, counted?: readonly boolean[]): Q15Form | null {
  for (let shift = Q15_SHIFTS.lowest; shift <= Q15_SHIFTS.highest; shift++) {
    const wanted = wantedMultipliers(ratios, shift);
    if (wanted.some((b) => b > Q15_MAX)) return null;
    if (!enoughKept(ratios, wanted, floors, counted)) continue;
    const largest = wanted.reduce((a, b) => Math.max(a, b), 1);
    const multipliers = Int32Array.from(wanted, (b, c) => Math.max(b > 0 ? b : largest, floors[c]!));
    return multipliers.some((b) => b > Q15_MAX) ? null : { form: 'q15', shift, multipliers };
  }
  return null;
}

function wantedMultipliers(ratios: Float64Array, shift: number): Float64Array {
  const power = powerOfTwo(15 + shift);
  return ratios.map((ratio) => ceilTolerant(ratio * power));
}

function enoughKept(ratios: Float64Array, wanted: Float64Array, floors: ArrayLike<number>, counted: readonly boolean[] | undefined): boolean {
  let channels = 0;
  let kept = 0;
  for (let c = 0; c < ratios.length; c++) {
    if (ratios[c] === 0 || counted?.[c] === false) continue;
    channels++;
    if (wanted[c]! >= floors[c]!) kept++;
  }
  return kept >= KEPT_SHARE * channels;
}

/** Smallest multiplier at which t = acc/2^s of a channel that reaches the output code `reach` stays inside 16 bits. */
export function carrierFloor(reach: number): number {
  return Math.max(1, Math.ceil((reach * 32768) / Q15_MAX));
}

/**
 * By which power of two (1, 2, 4 or 8) a carrier's scale must grow so that `linearQ15` finds a shift: at the largest shift that the largest ratio
 * allows, 90 % of the channels must have multipliers above their floors. Growing by 2 halves the floors and moves the shift by one.
 */
export function carrierGrowth(ratios: Float64Array, reaches: Float64Array): number {
  for (const growth of [1, 2, 4, 8]) {
    if (linearQ15(ratios.map((r) => r / growth), reaches.map((reach) => carrierFloor(reach / growth)))) return growth;
  }
  return 1;
}
