/** What quantization does to the large gradients, and to all of them. */
import { type Arm, epochScale, layerNames, legend, quantizedArms } from './arm.js';
import { logScale } from './axis-scale.js';
import { lineChart, type LineSeries } from './line-chart.js';
import { escapeMarkup, percentText, sharePower } from './markup.js';
import type { LayerLine } from './run-log.js';

type ErrorName = 'largeError' | 'allError';

export function errorSection(all: readonly Arm[]): string {
  const arms = quantizedArms(all).filter(({ log }) => log.steps.some(({ layers }) => layers.some(hasErrors)));
  if (arms.length === 0) return '';
  const large = series(arms, 'largeError');
  const every = series(arms, 'allError');
  const values = [...large, ...every].flatMap(({ points }) => points.map(([, value]) => value));
  const x = { label: 'epoch', scale: epochScale(arms) };
  const y = { label: 'squared error / squared size', scale: logScale(values, sharePower, 5) };
  const top = percentText(arms[0]!.log.run.alpha, 2);
  const chart = (id: string, title: string, lines: readonly LineSeries[]): string =>
    `<figure>${lineChart({ id, title, description: describe(lines), x, y, series: lines, namesAtEnds: arms.length > 1, size: 'large' })}</figure>`;
  return `<section>
<h2>Error of quantized gradients</h2>
<p>Relative squared error, mean over layers, on one scale: left for the largest ${escapeMarkup(top)} of the gradients, right for all of them. An interval that is best for all need not be best for the large ones.</p>
${legend(arms)}
<div class="large-grid">${chart('large-error', `The largest ${top}`, large)}${chart('all-error', 'All gradients', every)}</div>
${layerTable(arms)}
</section>`;
}

function hasErrors(line: LayerLine): boolean {
  return line.largeError !== undefined && line.allError !== undefined;
}

function series(arms: readonly Arm[], name: ErrorName): LineSeries[] {
  return arms.map((arm) => ({
    name: arm.name,
    style: arm.style,
    points: arm.log.steps.flatMap(({ epoch, layers }) => {
      const errors = layers.map((line) => line[name]).filter((value) => value !== undefined && Number.isFinite(value)) as number[];
      return errors.length === 0 ? [] : [[epoch, errors.reduce((sum, value) => sum + value, 0) / errors.length] as const];
    }),
  }));
}

function describe(lines: readonly LineSeries[]): string {
  return lines.map(({ name, points }) => `${name} ends at ${percentText(points.at(-1)?.[1] ?? NaN, 2)}.`).join(' ');
}

function layerTable(arms: readonly Arm[]): string {
  const names = layerNames(arms);
  const cell = ({ log }: Arm, layer: string): string => {
    const line = log.steps.flatMap(({ layers }) => layers.filter((each) => each.layer === layer && hasErrors(each))).at(-1);
    return line === undefined ? '<td>–</td><td>–</td>' : `<td>${percentText(line.largeError!, 2)}</td><td>${percentText(line.allError!, 2)}</td>`;
  };
  const head = arms.map(({ name }) => `<th scope="col">${escapeMarkup(name)}, large</th><th scope="col">${escapeMarkup(name)}, all</th>`).join('');
  const rows = names.map((layer) => `<tr><th scope="row">${escapeMarkup(layer)}</th>${arms.map((arm) => cell(arm, layer)).join('')}</tr>`);
  return `<details><summary>Error at the end, by layer</summary><div class="scroll"><table><thead><tr><th scope="col">Layer</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`;
}
