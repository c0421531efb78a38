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
  const gamma: Measure = {
    id: 'gamma',
    label: 'γ = clip / largest gradient',
    value: ({ clip, maximum }) => (maximum > 0 ? clip / maximum : NaN),
    scale: linearScale([0, 1], 2, { from: 0, to: 1 }),
    description: 'clip over largest gradient, by epoch',
  };
  const shares = arms.flatMap(({ log }) => log.steps.flatMap(({ layers }) => layers.map(({ clipped }) => clipped)));
  const clipped: Measure = {
    id: 'clipped',
    label: 'share of gradients clipped',
    value: (line) => line.clipped,
    scale: logScale([...shares, target], sharePower, 5),
    description: 'share of gradients clipped, by epoch',
    rule: { value: target, label: '' },
  };
  const aboutClipped = `Share of a layer’s gradients beyond its interval. The dotted line is the target of <em>interval</em>, α/(2<sup>b</sup> − 1) = ${escapeMarkup(percentText(target, 4))}.`;
  const aboutGamma = 'γ is the end of a layer’s interval over its largest gradient: 1 quantizes all of it (min-max), less spends the codes on smaller gradients and clips the largest.';
  const charts =
    names.length === 1
      ? `<p>${aboutGamma}</p>\n<p>${aboutClipped}</p>\n${legend(arms)}\n<div class="large-grid">${chart(gamma, names[0]!, 0, arms, 'large')}${chart(clipped, names[0]!, 0, arms, 'large')}</div>`
      : `<p>${aboutGamma} One chart per layer, epochs from left to right.</p>\n${legend(arms)}\n${grids(gamma, names, arms)}\n<h3>Clipped gradients</h3>\n<p>${aboutClipped}</p>\n${legend(arms)}\n${grids(clipped, names, arms)}`;
  return `<section>\n<h2>Where the intervals end</h2>\n${charts}\n</section>`;
}

/** One number of a layer over time. */
interface Measure {
  readonly id: string;
  readonly label: string;
  readonly value: (line: LayerLine) => number;
  readonly scale: AxisScale;
  readonly description: string;
  readonly rule?: { readonly value: number; readonly label: string };
}

/** One chart per layer, small unless there are only two; what is more than a screenful is folded away. */
function grids(measure: Measure, names: readonly string[], arms: readonly Arm[]): string {
  const size = names.length <= 2 ? 'large' : 'small';
  const shown = new Set(spread(names, SHOWN));
  const hidden = names.filter((name) => !shown.has(name));
  const grid = (layers: readonly string[]): string => `<div class="${size}-grid">${layers.map((layer) => chart(measure, layer, names.indexOf(layer), arms, size)).join('')}</div>`;
  return grid(names.filter((name) => shown.has(name))) + (hidden.length === 0 ? '' : `<details><summary>${hidden.length} more layers</summary>${grid(hidden)}</details>`);
}

function chart({ id, label, value, scale, description, rule }: Measure, layer: string, number: number, arms: readonly Arm[], size: 'large' | 'small'): string {
  const isLarge = size === 'large';
  const series = arms.map(({ name, style, log }): LineSeries => ({ name, style, points: log.steps.flatMap(({ epoch, layers }) => layers.filter((line) => line.layer === layer).map((line) => [epoch, value(line)] as const)) }));
  return `<figure>${lineChart({
    id: `${id}-${number}`,
    title: layer,
    description: `${layer}: ${description}. ${lastValues(series)}`,
    x: { label: 'epoch', scale: epochScale(arms, isLarge ? 6 : 3) },
    y: { label: isLarge ? label : '', scale },
    series,
    namesAtEnds: isLarge && arms.length > 1,
    ...(rule === undefined ? {} : { rule }),
    size,
  })}</figure>`;
}

function lastValues(series: readonly LineSeries[]): string {
  return series.map(({ name, points }) => `${name} ends at ${Number((points.at(-1)?.[1] ?? NaN).toPrecision(3))}.`).join(' ');
}
