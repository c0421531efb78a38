/** Requantizations that obey SPEC 2 and use their whole domain, chosen for accumulators up to a bound. */
import type { Pair } from '../../ts/integer/integer-graph.js';
import type { Random } from './random.js';

export type FormName = 'copy' | 'q15' | 'exact';

/** A requantization whose multipliers are not yet a tensor of the graph. */
export type ChosenForm =
  | { readonly form: 'copy' }
  | { readonly form: 'q15'; readonly shift: number; readonly multipliers: readonly number[] }
  | { readonly form: 'exact'; readonly left: number; readonly shift: number; readonly multipliers: readonly number[] };

const Q15_LARGEST = 32767;
const EXACT_LARGEST = 2 ** 31 - 1;

/** What the accumulator (rounding of q15 included) must stay below, whatever form is chosen later: 2^31 − 2^21 − 1. */
export const ROOM = 2 ** 31 - 2 ** 21 - 1;

/** max|Σ w·(a − zp)| and the same for raw codes (SPEC 2.4), without bias. */
export function accumulatorBound(positive: number, negative: number, [lo, hi]: Pair, zeroPoint: number): number {
  const bound = (zp: number): number => {
    const aLo = Math.min(lo - zp, 0);
    const aHi = Math.max(hi - zp, 0);
    return Math.max(positive * aHi + negative * aLo, -(positive * aLo + negative * aHi));
  };
  return Math.max(bound(zeroPoint), bound(0) + Math.abs(zeroPoint * (positive + negative)));
}

/** Multipliers next to `ideal`, different per channel, sometimes at the ends of the domain. */
function multipliers(random: Random, count: number, ideal: number, [least, most]: Pair): number[] {
  const clamp = (b: number): number => Math.min(Math.max(Math.round(b), least), most);
  if (random.oneIn(12)) return Array.from({ length: count }, () => random.pick([least, most]));
  return Array.from({ length: count }, () => (random.oneIn(15) ? random.pick([least, least + 1, most]) : clamp((ideal * random.integer(20, 400)) / 100)));
}

/**
 * A requantization of accumulators up to `bound` to codes that span about `span`, so that outputs neither all vanish nor all saturate.
 * Now and then shift and multiplier are anything the domain allows.
 */
export function chooseForm(random: Random, form: FormName, bound: number, span: number, count: number): ChosenForm {
  if (form === 'copy') return { form };
  const reach = Math.max(bound, 1);
  if (form === 'q15') {
    const sensible = Math.ceil(Math.log2(reach)) - 15;
    const shift = random.oneIn(5) ? random.integer(-15, 22) : Math.min(Math.max(sensible + random.integer(-1, 1), -15), 22);
    const ideal = (span * 2 ** 15) / (reach / 2 ** shift);
    return { form, shift, multipliers: multipliers(random, count, ideal, [1, Q15_LARGEST]) };
  }
  let room = 0;
  while (room < 24 && reach < 2 ** (31 - room - 1)) room++;
  const left = random.pick([0, room, random.integer(0, room)]);
  const shift = random.pick([33, 62, random.integer(33, 62), random.integer(33, 48)]);
  const ideal = (span * 2 ** shift) / (reach * 2 ** left);
  return { form, left, shift, multipliers: multipliers(random, count, ideal, [0, EXACT_LARGEST]) };
}
