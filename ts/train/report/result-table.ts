/** What each arm came to: accuracy and speed. */
import type { Arm } from './arm.js';
import { durationText, escapeMarkup, groupedText, percentText } from './markup.js';
import type { EpochLine, RunLog } from './run-log.js';

/** The epoch with the highest accuracy on the test pictures, of equal ones that with the lowest loss there, the first of those: as the Trainer keeps it. */
export function bestEpoch({ epochs }: RunLog): EpochLine | null {
  const isBetter = (a: EpochLine, b: EpochLine): boolean => a.testAccuracy > b.testAccuracy || (a.testAccuracy === b.testAccuracy && a.testLoss < b.testLoss);
  return epochs.reduce<EpochLine | null>((best, epoch) => (best === null || isBetter(epoch, best) ? epoch : best), null);
}

export function resultTable(arms: readonly Arm[]): string {
  return `<section>
<h2>Accuracy and speed</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Intervals</th><th scope="col">Best accuracy</th><th scope="col">in epoch</th><th scope="col">Last accuracy</th><th scope="col">Last training loss</th><th scope="col">Images/s</th><th scope="col">ms per step</th><th scope="col">Time training</th></tr></thead>
<tbody>
${arms.map(row).join('\n')}
</tbody>
</table></div>
<p class="note">Accuracy on the test pictures. Images/s is the median over epochs, while training; evaluation is not counted.</p>
</section>`;
}

function row({ name, log }: Arm): string {
  const best = bestEpoch(log);
  const last = log.epochs.at(-1);
  const stopped = log.end?.reason === 'done' ? '' : ` <span class="note">(stopped)</span>`;
  const rate = median(log.epochs.map(({ imagesPerSecond }) => imagesPerSecond));
  const cells = [
    best === null ? '–' : percentText(best.testAccuracy, 2),
    best === null ? '–' : String(best.epoch),
    last === undefined ? '–' : percentText(last.testAccuracy, 2),
    last === undefined ? '–' : last.loss.toFixed(4),
    rate === null ? '–' : groupedText(rate),
    rate === null || rate === 0 ? '–' : ((1000 * log.run.batch) / rate).toFixed(1),
    log.epochs.length === 0 ? '–' : durationText(log.epochs.reduce((sum, { seconds }) => sum + seconds, 0)),
  ];
  return `<tr><th scope="row">${escapeMarkup(name)}${stopped}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function median(values: readonly number[]): number | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
