/** From numbers to positions along an axis, with ticks at round numbers. */

export interface AxisScale {
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
  /** 0 at the start of the axis, 1 at its end; beyond the ends it is cut off. */
  at(value: number): number;
}

/** Covers the values, from and to a round number that `within` allows, with about `wanted` steps of 1, 2 or 5 times a power of ten. */
export function linearScale(values: Iterable<number>, wanted: number, options: { readonly from?: number; readonly to?: number; readonly within?: readonly [number, number]; readonly isWhole?: boolean; readonly text?: (value: number) => string } = {}): AxisScale {
  const finite = [...values].filter(Number.isFinite);
  let lo = options.from ?? Math.min(...finite);
  let hi = options.to ?? Math.max(...finite);
  if (!Number.isFinite(lo) || !Number.isFinite(hi)) [lo, hi] = [0, 1];
  if (!(hi > lo)) [lo, hi] = [options.from ?? lo - (Math.abs(lo) || 1) / 2, options.to ?? lo + (Math.abs(lo) || 1) / 2];
  const [least, most] = options.within ?? [-Infinity, Infinity];
  [lo, hi] = [Math.max(lo, least), Math.min(hi, most)];
  const step = Math.max(options.isWhole === true ? 1 : 0, roundStep((hi - lo) / wanted));
  const first = options.from ?? Math.max(least, Math.floor(lo / step + 1e-9) * step);
  const last = options.to ?? Math.min(most, Math.ceil(hi / step - 1e-9) * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = options.text ?? ((value: number) => value.toFixed(digits));
  const ticks: { value: number; text: string }[] = [];
  for (let i = Math.ceil(first / step - 1e-9); i * step <= last + step * 1e-9; i++) ticks.push({ value: i * step, text: text(i * step) });
  return { ticks, at: (value) => clamp((value - first) / (last - first)) };
}

/** 1, 2 or 5 times a power of ten, at least `size`. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * (size / power <= 1 ? 1 : size / power <= 2 ? 2 : size / power <= 5 ? 5 : 10);
}

const LOG_STEPS = [1, 2, 5];

/**
 * Logarithmic, from 1, 2 or 5 times a power of ten to another, over at most `widest` powers of ten; 0 has a tick of its own at the start, where some value is 0.
 */
export function logScale(values: Iterable<number>, text: (value: number) => string, widest = 6): AxisScale {
  const all = [...values].filter(Number.isFinite);
  const positive = all.filter((value) => value > 0);
  const hasZero = all.length > positive.length;
  const [least, most] = positive.length === 0 ? [0.1, 1] : [Math.min(...positive), Math.max(...positive)];
  const candidates = roundNumbers(Math.max(least, most / 10 ** widest), most);
  const [first, last] = [candidates[0]!, candidates.at(-1)!];
  const decades = Math.log10(last / first);
  const room = hasZero ? Math.max(0.15, 0.2 * decades) : 0; // below the first tick, for what is smaller and for 0
  const at = (value: number): number => (value > 0 ? clamp((Math.max(Math.log10(value / first), -room / 2) + room) / (decades + room)) : 0);
  const shown = decades < 2.1 ? candidates : powersOf(candidates, Math.ceil(decades / 4));
  const ticks = shown.map((value) => ({ value, text: text(value) }));
  return { ticks: hasZero ? [{ value: 0, text: '0' }, ...ticks] : ticks, at };
}

/** 1, 2 and 5 times powers of ten, from the last one at or below `least` to the first one at or above `most`. */
function roundNumbers(least: number, most: number): number[] {
  const from = Math.floor(Math.log10(least) + 1e-9);
  const numbers: number[] = [];
  for (let power = from; numbers.length < 2 || numbers.at(-1)! < most * (1 - 1e-9); power++) {
    for (const step of LOG_STEPS) numbers.push(Number(`${step}e${power}`));
  }
  const start = numbers.findIndex((_, i) => i + 1 === numbers.length || numbers[i + 1]! > least * (1 + 1e-9));
  const end = numbers.findIndex((value, i) => i > start && value >= most * (1 - 1e-9));
  return numbers.slice(start, end < 0 ? undefined : end + 1);
}

function powersOf(numbers: readonly number[], every: number): number[] {
  const powers = numbers.filter((value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9);
  return powers.filter((_, i) => (powers.length - 1 - i) % every === 0);
}

function clamp(position: number): number {
  return Math.min(1, Math.max(0, position));
}
