/** Turns what a trainer tells into the lines of log.jsonl. */
import type { EpochLine, LayerLine, StepLine } from '../train/report/run-log.js';
import type { LayerGradientReport } from '../train/program/training-program.js';
import type { EpochReport, TrainingStep } from '../train/trainer/training-step.js';

/** So many lines of a run are as fine as a chart can show; histograms and errors come with every so many of them. */
const LINES = 200;
const LINES_PER_WATCH = 8;

/** After how many steps a line is written, and after how many one with histograms: whole multiples, by the length of the run alone. */
export function logIntervals(steps: number): { readonly line: number; readonly watch: number } {
  const line = Math.max(1, Math.floor(steps / LINES));
  return { line, watch: line * LINES_PER_WATCH };
}

export interface RecorderOptions {
  readonly every: number;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly layers: readonly string[];
}

export class Recorder {
  readonly #every: number;
  readonly #batch: number;
  readonly #stepsPerEpoch: number;
  /** Position of each layer in the network. */
  readonly #order: ReadonlyMap<string, number>;
  readonly #now: () => number;
  #sum = { loss: 0, accuracy: 0, steps: 0 };
  #epochBegin: number;
  #lastStep: number;
  #timedSteps = 0;

  /** @param layers names of the network's modules in its order: a step tells of them as the backward pass meets them */
  constructor({ every, batch, stepsPerEpoch, layers }: RecorderOptions, now: () => number = () => performance.now() / 1000) {
    this.#every = every;
    this.#batch = batch;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#order = new Map(layers.map((name, position) => [name, position]));
    this.#now = now;
    this.#epochBegin = this.#lastStep = now();
  }

  /** The line of this step, or null where none is due. */
  step(step: TrainingStep): StepLine | null {
    this.#lastStep = this.#now();
    this.#timedSteps++;
    if (step.epochEnd !== undefined) this.#beginEpoch();
    const { loss, accuracy, steps } = this.#sum;
    this.#sum = { loss: loss + step.loss, accuracy: accuracy + step.accuracy, steps: steps + 1 };
    if (step.step % this.#every !== 0) return null;
    const sum = this.#sum;
    this.#sum = { loss: 0, accuracy: 0, steps: 0 };
    const done = step.step + 1;
    return { type: 'step', step: done, epoch: done / this.#stepsPerEpoch, loss: sum.loss / sum.steps, accuracy: sum.accuracy / sum.steps, learningRate: step.learningRate, layers: this.#inOrder(step.layers).map(layerLine) };
  }

  /** The line of an epoch that is over, when the trainer says so: after its evaluation, before it hands out the last step. */
  epoch({ epoch, loss, accuracy, validation }: EpochReport, step: number): EpochLine {
    const seconds = Math.max(1e-9, this.#timedSteps > 0 ? this.#lastStep - this.#epochBegin : this.#now() - this.#epochBegin);
    const imagesPerSecond = (Math.max(1, this.#timedSteps) * this.#batch) / seconds;
    const tested = validation ?? { loss: 0, accuracy: 0 };
    return { type: 'epoch', epoch: epoch + 1, step, loss, accuracy, testLoss: tested.loss, testAccuracy: tested.accuracy, imagesPerSecond, seconds: (this.#stepsPerEpoch * this.#batch) / imagesPerSecond };
  }

  #inOrder(layers: readonly LayerGradientReport[]): LayerGradientReport[] {
    const position = ({ layer }: LayerGradientReport): number => this.#order.get(layer) ?? this.#order.size;
    return [...layers].sort((a, b) => position(a) - position(b));
  }

  #beginEpoch(): void {
    this.#epochBegin = this.#lastStep;
    this.#timedSteps = 0;
  }
}

function layerLine({ layer, count, maximum, clip, clippedFraction, histogram, largeError, allError }: LayerGradientReport): LayerLine {
  return {
    layer,
    count,
    maximum,
    clip,
    clipped: clippedFraction,
    ...(histogram === undefined ? {} : { histogram: [...histogram] }),
    ...(largeError === undefined ? {} : { largeError }),
    ...(allError === undefined ? {} : { allError }),
  };
}
