/** What a person watches while a network is trained. */
import type { EpochLine } from '../train/report/run-log.js';
import type { TrainingStep } from '../train/trainer/training-step.js';
import { count, percent } from './quantities.js';

/** Rewriting a terminal more often tells nobody more. */
const REDRAW_MILLISECONDS = 100;

/** The line that rewrites itself on a terminal. */
export class TrainingProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #label: string;
  #drawn = -Infinity;
  #isShown = false;
  #loss: number | undefined;
  #accuracy = 0;

  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#label = label;
  }

  update(step: TrainingStep, epochs: number): void {
    // Single batches jump about; people want to see where it goes.
    this.#loss = this.#loss === undefined ? step.loss : this.#loss + 0.1 * (step.loss - this.#loss);
    this.#accuracy = step.step === 0 ? step.accuracy : this.#accuracy + 0.1 * (step.accuracy - this.#accuracy);
    if (!this.#stream.isTTY || performance.now() - this.#drawn < REDRAW_MILLISECONDS) return;
    this.#drawn = performance.now();
    const text = progressText(this.#label, { ...step, loss: this.#loss, accuracy: this.#accuracy }, epochs);
    const columns = this.#stream.columns || 80;
    this.#stream.write(`\r\x1b[K${text.slice(0, Math.max(1, columns - 1))}`);
    this.#isShown = true;
  }

  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#stream.write('\r\x1b[K');
  }
}

/** `epoch 3/10  step 120/4680  loss 0.412  accuracy 85.3 %  1,234 images/s  2:03 left` */
export function progressText(label: string, { epoch, step, steps, loss, accuracy, imagesPerSecond, secondsLeft }: TrainingStep, epochs: number): string {
  const parts = [`epoch ${epoch + 1}/${epochs}`, `step ${step + 1}/${steps}`, `loss ${loss.toFixed(3)}`, `accuracy ${percent(accuracy)}`, `${rateText(imagesPerSecond)} images/s`, `${clockText(secondsLeft)} left`];
  return (label === '' ? parts : [label, ...parts]).join('  ');
}

/** One line of an epoch that is over. */
export function epochText(label: string, line: EpochLine, epochs: number, isBest: boolean): string {
  const parts = [
    `epoch ${String(line.epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${line.loss.toFixed(4)}`,
    `accuracy ${percent(line.accuracy)}`,
    `test ${(100 * line.testAccuracy).toFixed(2)} %${isBest ? ', best so far' : ''}`,
    `${rateText(line.imagesPerSecond)} images/s`,
    `${clockText(line.seconds)}`,
  ];
  return (label === '' ? parts : [label, ...parts]).join('  ');
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : count(rate);
}

/** 75 → "1:15", 3675 → "1:01:15" */
export function clockText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
