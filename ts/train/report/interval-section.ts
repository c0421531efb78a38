/** γ = clip/max|G| and the clipped fraction of every layer over time. */
import { type Arm, epochScale, layerNames, legend, quantizedArms, spread } from './arm.js';
import { type AxisScale, linearScale, logScale } from './axis-scale.js';
import { lineChart, type LineSeries } from './line-chart.js';
import { escapeMarkup, percentText, sharePower } from './markup.js';
import type { LayerLine } from './run-log.js';

/** More small charts than this are folded away. */
const SHOWN = 12;

export function intervalSection(all: readonly Arm[]): string {
  const arms = quantizedArms(all);
  if (arms.length === 0) return '';
  const { alpha, gradientBits } = arms[0]!.log.run;
  const target = alpha / (2 ** gradientBits - 1);
  const names = layerNames(arms);
  const gamma = grids('gamma', names, arms, ({ clip, maximum }) => (maximum > 0 ? clip / maximum : NaN), linearScale([0, 1], 2, { from: 0, to: 1 }), (layer) => `${layer}: clip over largest gradient, by epoch`);
  const shares = arms.flatMap(({ log }) => log.steps.flatMap(({ layers }) => layers.map(({ clipped }) => clipped)));
  const clipped = grids('clipped', names, arms, (line) => line.clipped, logScale([...shares, target], sharePower, 5), (layer) => `${layer}: share of gradients clipped, by epoch`, { value: target, label: '' });
  return `<section>
<h2>Where the intervals end</h2>
<p>γ is the end of a layer’s interval over its largest gradient: 1 quantizes all of it (min-max), less spends the codes on smaller gradients and clips the largest. One chart per layer, epochs from left to right.</p>
${legend(arms)}
${gamma}
<h3>Clipped gradients</h3>
<p>Share of a layer’s gradients beyond its interval. The dotted line is the target of <em>interval</em>, α/(2<sup>b</sup> − 1) = ${escapeMarkup(percentText(target, 4))}.</p>
${legend(arms)}
${clipped}
</section>`;
}

/** One small chart per layer; what is more than a screenful is folded away. */
function grids(
  id: string,
  names: readonly string[],
  arms: readonly Arm[],
  value: (line: LayerLine) => number,
  scale: AxisScale,
  describe: (layer: string) => string,
  rule?: { readonly value: number; readonly label: string },
): string {
  const x = { label: 'epoch', scale: epochScale(arms, 3) };
  const chart = (layer: string): string => {
    const series = arms.map(({ name, style, log }): LineSeries => ({ name, style, points: log.steps.flatMap(({ epoch, layers }) => layers.filter((line) => line.layer === layer).map((line) => [epoch, value(line)] as const)) }));
    const number = names.indexOf(layer);
    return `<figure>${lineChart({ id: `${id}-${number}`, title: layer, description: `${describe(layer)}. ${lastValues(series)}`, x, y: { label: '', scale }, series, ...(rule === undefined ? {} : { rule }), size: 'small' })}</figure>`;
  };
  const shown = new Set(spread(names, SHOWN));
  const hidden = names.filter((name) => !shown.has(name));
  const grid = (layers: readonly string[]): string => `<div class="small-grid">${layers.map(chart).join('')}</div>`;
  return grid(names.filter((name) => shown.has(name))) + (hidden.length === 0 ? '' : `<details><summary>${hidden.length} more layers</summary>${grid(hidden)}</details>`);
}

function lastValues(series: readonly LineSeries[]): string {
  return series.map(({ name, points }) => `${name} ends at ${Number((points.at(-1)?.[1] ?? NaN).toPrecision(3))}.`).join(' ');
}
