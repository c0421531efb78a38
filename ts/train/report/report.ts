/** One page about runs that differ in how they choose gradient intervals: static, nothing loaded from anywhere, no JavaScript. */
import { accuracySection } from './accuracy-section.js';
import type { Arm } from './arm.js';
import { errorSection } from './error-section.js';
import { histogramSection } from './histogram-section.js';
import { intervalSection } from './interval-section.js';
import { escapeMarkup, groupedText, percentText } from './markup.js';
import type { RunLog } from './run-log.js';
import { bestEpoch, resultTable } from './result-table.js';
import { armStyles, STYLE } from './style.js';

/**
 * The page as HTML text.
 * @param logs at least one; the first says what was trained on what
 */
export function renderReport(logs: readonly RunLog[]): string {
  const styles = armStyles(logs.map(({ run }) => run.arm));
  const arms = logs.map((log, i): Arm => ({ name: log.run.arm, style: styles[i]!, log }));
  const title = `${escapeMarkup(logs[0]!.run.model)} in ${escapeMarkup(bitsText(logs))}: ${arms.length === 1 ? 'training' : 'gradient intervals compared'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="lead">${lead(arms)}</p>
${facts(logs)}
</header>
${[resultTable(arms), accuracySection(arms), intervalSection(arms), histogramSection(arms), errorSection(arms)].filter((part) => part !== '').join('\n')}
<footer>${footer(arms)}</footer>
</main>
</body>
</html>
`;
}

/** The bits of the arms that are quantized. */
function bitsText(logs: readonly RunLog[]): string {
  const quantized = logs.find(({ run }) => run.bits !== '32') ?? logs[0]!;
  return quantized.run.bits === '32' ? '32-bit float' : `${quantized.run.bits} bits`;
}

function aheadText(difference: number): string {
  const points = (difference * 100).toFixed(2);
  return points === '0.00' ? 'as many as' : `${points} points more than`;
}

/** Who is ahead, and by how much: among the quantized, against float. */
function lead(arms: readonly Arm[]): string {
  const ranked = arms.flatMap((arm) => {
    const best = bestEpoch(arm.log);
    return best === null ? [] : [{ name: escapeMarkup(arm.name), isFloat: arm.log.run.bits === '32', best }];
  });
  ranked.sort((a, b) => b.best.testAccuracy - a.best.testAccuracy);
  const [first, second] = ranked.filter(({ isFloat }) => !isFloat);
  const float = ranked.find(({ isFloat }) => isFloat);
  if (first === undefined && float === undefined) return 'No epoch was finished, so there is no accuracy to report.';
  const sentences = [];
  if (first !== undefined) {
    const ahead = second === undefined ? '' : `, ${aheadText(first.best.testAccuracy - second.best.testAccuracy)} ${second.name}, the next`;
    sentences.push(`${first.name} reaches ${percentText(first.best.testAccuracy, 2)} of the test pictures in epoch ${first.best.epoch}${ahead}.`);
  }
  if (float !== undefined) sentences.push(`${float.name} in float reaches ${percentText(float.best.testAccuracy, 2)}.`);
  if (ranked.length > 1) sentences.push('One seed each: a few tenths of a point say nothing.');
  return sentences.join(' ');
}

function facts(logs: readonly RunLog[]): string {
  const { run } = logs[0]!;
  const entries = [
    ['Data', `${run.data}: ${groupedText(run.trainCount)} to train, ${groupedText(run.testCount)} to test`],
    ['Epochs, batch', `${run.epochs}, ${run.batch}`],
    ['Optimizer', run.optimizer],
    ['Schedule', run.schedule],
    ['Augmentation', run.augment],
    ['Seed', String(run.seed)],
    ['Large gradients', `top ${percentText(run.alpha, 2)} by size`],
    ['Machine', run.host],
  ];
  return `<dl class="facts">${entries.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeMarkup(value!)}</dd></div>`).join('')}</dl>`;
}

function footer(arms: readonly Arm[]): string {
  const bits = [...new Set(arms.map(({ name, log }) => `${name} ${log.run.bits}`))].map(escapeMarkup).join(', ');
  return `Weights/activations/gradients in bits: ${bits}. Made by dyadic from ${arms.length === 1 ? 'the run’s' : 'the runs’'} log.jsonl; this file is complete in itself.`;
}
