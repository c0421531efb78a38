/** What the sections of a report share: the arms, their legend, their axis, their layers. */
import { type AxisScale, linearScale } from './axis-scale.js';
import { escapeMarkup } from './markup.js';
import type { RunLog } from './run-log.js';
import { swatch } from './style.js';

/** One run with its colour. */
export interface Arm {
  readonly name: string;
  readonly style: number;
  readonly log: RunLog;
}

/** Which line is which arm. */
export function legend(arms: readonly Arm[]): string {
  if (arms.length < 2) return '';
  return `<ul class="legend">${arms.map(({ name, style }) => `<li>${swatch(style)}${escapeMarkup(name)}</li>`).join('')}</ul>`;
}

/** Epochs on the x axis of every chart: the longest run's, or what was planned. */
export function epochScale(arms: readonly Arm[], wanted = 6): AxisScale {
  const last = Math.max(...arms.flatMap(({ log }) => [log.epochs.at(-1)?.epoch ?? 0, log.steps.at(-1)?.epoch ?? 0]));
  return linearScale([0, last], wanted, { from: 0, to: last > 0 ? last : 1, isWhole: last >= 2 });
}

/** The arms whose gradients are quantized. */
export function quantizedArms(arms: readonly Arm[]): Arm[] {
  return arms.filter(({ log }) => log.steps.some(({ layers }) => layers.length > 0));
}

/** Names of the quantized layers, in the order of the network. */
export function layerNames(arms: readonly Arm[]): string[] {
  return [...new Set(arms.flatMap(({ log }) => log.steps.find(({ layers }) => layers.length > 0)?.layers.map(({ layer }) => layer) ?? []))];
}

/** `count` of the names, evenly spread from the first to the last. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / Math.max(1, count - 1))]!);
}
