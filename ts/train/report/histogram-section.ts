/** The gradients of a layer at several moments, with the interval that each arm chose. */
import { type Arm, layerNames, quantizedArms, spread } from './arm.js';
import { histogramChart } from './histogram-chart.js';
import { escapeMarkup } from './markup.js';

const MOMENTS = 4;

export function histogramSection(all: readonly Arm[]): string {
  const arms = quantizedArms(all).filter(({ log }) => log.steps.some(({ layers }) => layers.some(({ histogram }) => histogram !== undefined)));
  if (arms.length === 0) return '';
  const names = layerNames(arms);
  const middle = names[names.length >> 1]!;
  const others = spread(names, 3).filter((name) => name !== middle);
  const folded = others.map((layer) => `<h3>${escapeMarkup(layer)}</h3>${arms.map((arm) => moments(arm, layer, names.indexOf(layer))).join('')}`);
  return `<section>
<h2>Gradients of ${escapeMarkup(middle)}</h2>
<p>How many gradients have which size, from 0 to the largest, on a logarithmic count; the line is the end of the interval, and what lies in the gray beyond it is clipped.</p>
${arms.map((arm) => moments(arm, middle, names.indexOf(middle))).join('')}
${folded.length === 0 ? '' : `<details><summary>The same for ${others.map(escapeMarkup).join(' and ')}</summary>${folded.join('')}</details>`}
</section>`;
}

function moments({ name, style, log }: Arm, layer: string, number: number): string {
  const seen = log.steps.flatMap(({ step, epoch, layers }) => layers.filter((line) => line.layer === layer && line.histogram !== undefined && line.maximum > 0).map((line) => ({ step, epoch, line })));
  const charts = spread(seen, MOMENTS).map(({ step, epoch, line }) =>
    histogramChart({
      id: `h-${style}-${number}-${step}`,
      title: `${name}, ${epoch < 1 ? `step ${step}` : `epoch ${Number(epoch.toFixed(1))}`}`,
      style,
      bins: line.histogram!,
      gamma: line.clip / line.maximum,
      clipped: line.clipped,
    }),
  );
  return charts.length === 0 ? '' : `<figure class="moments">${charts.join('')}</figure>`;
}
