/** Loss while training, accuracy on the test pictures. */
import { type Arm, epochScale, legend } from './arm.js';
import { linearScale, logScale } from './axis-scale.js';
import { lineChart, type LineSeries } from './line-chart.js';
import { escapeMarkup, percentText } from './markup.js';
import { bestEpoch } from './result-table.js';

export function accuracySection(arms: readonly Arm[]): string {
  const x = { label: 'epoch', scale: epochScale(arms) };
  const loss = series(arms, ({ log }) => runningMean(log.steps.map((line) => [line.epoch, line.loss] as const)));
  const accuracy = series(arms, ({ log }) => log.epochs.map((line) => [line.epoch, line.testAccuracy] as const));
  const values = (all: readonly LineSeries[]): number[] => all.flatMap(({ points }) => points.map(([, value]) => value));
  const span = values(loss).filter((value) => value > 0);
  const isWide = span.length > 0 && Math.max(...span) / Math.min(...span) > 8;
  const lossScale = isWide ? logScale(values(loss), lossText) : linearScale(values(loss), 5);
  const most = Math.max(0, ...accuracy.map(({ points }) => points.length));
  const charts = [
    lineChart({ id: 'loss', title: 'Training loss', description: describeLoss(arms), x, y: { label: 'cross entropy per picture, running mean', scale: lossScale }, series: loss, namesAtEnds: arms.length > 1, size: 'large' }),
    lineChart({
      id: 'accuracy',
      title: 'Test accuracy',
      description: describeAccuracy(arms),
      x,
      y: { label: '% of the test pictures', scale: linearScale(values(accuracy), 5, { within: [0, 1], text: (value) => `${Number((value * 100).toFixed(1))}` }) },
      series: accuracy,
      namesAtEnds: arms.length > 1,
      dots: most <= 40,
      size: 'large',
    }),
  ];
  return `<section>
<h2>Learning</h2>
${legend(arms)}
<div class="large-grid">${charts.map((chart) => `<figure>${chart}</figure>`).join('')}</div>
${epochTable(arms)}
</section>`;
}

/** Losses below 0.001 by their power of ten: their zeros would not fit beside the axis. */
function lossText(value: number): string {
  return value < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(1)));
}

function series(arms: readonly Arm[], points: (arm: Arm) => LineSeries['points']): LineSeries[] {
  return arms.map((arm) => ({ name: arm.name, style: arm.style, points: points(arm) }));
}

/** Batches differ more than methods do: each point is the mean of itself and as many before it as make a fortieth of the run. */
function runningMean(points: LineSeries['points']): LineSeries['points'] {
  const width = Math.max(1, Math.round(points.length / 40));
  return points.map(([x], i) => {
    const window = points.slice(Math.max(0, i + 1 - width), i + 1).map(([, y]) => y);
    return [x, window.reduce((sum, y) => sum + y, 0) / window.length] as const;
  });
}

function describeLoss(arms: readonly Arm[]): string {
  return arms.map(({ name, log }) => `${name}: from ${log.steps[0]?.loss.toFixed(3) ?? '–'} to ${log.steps.at(-1)?.loss.toFixed(3) ?? '–'}.`).join(' ');
}

function describeAccuracy(arms: readonly Arm[]): string {
  return arms.map(({ name, log }) => `${name}: at best ${percentText(bestEpoch(log)?.testAccuracy ?? NaN, 2)}.`).join(' ');
}

/** The same numbers for those who cannot see lines, or want them exactly. */
function epochTable(arms: readonly Arm[]): string {
  const last = Math.max(0, ...arms.map(({ log }) => log.epochs.length));
  if (last === 0) return '';
  const epochs = [...new Set(arms.flatMap(({ log }) => log.epochs.map(({ epoch }) => epoch)))].sort((a, b) => a - b);
  const rows = epochs.map((epoch) => `<tr><th scope="row">${epoch}</th>${arms.map(({ log }) => `<td>${percentText(log.epochs.find((line) => line.epoch === epoch)?.testAccuracy ?? NaN, 2)}</td>`).join('')}</tr>`);
  return `<details><summary>Test accuracy of every epoch</summary><div class="scroll"><table><thead><tr><th scope="col">Epoch</th>${arms.map(({ name }) => `<th scope="col">${escapeMarkup(name)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`;
}
