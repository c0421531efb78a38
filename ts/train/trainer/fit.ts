/** The loop over epochs and steps. Between two steps the run is always one that can be saved and resumed. */
import { DyadicError } from '../../errors.js';
import { checkLabels } from '../data/check-dataset.js';
import type { Batch } from '../data/dataset.js';
import type { OpenedData, TrainingData } from '../data/open-data.js';
import { hyperOf } from '../optimizer/optimizer.js';
import type { StepResult } from '../program/training-program.js';
import { scheduleFactor } from '../schedule/schedule.js';
import type { Listeners } from './events.js';
import { checkFitOptions } from './fit-options.js';
import { afterEpoch, afterStep, isBetter, type BestEpoch } from './progress.js';
import { aborted, type Run } from './run.js';
import { Stopwatch } from './stopwatch.js';
import type { EpochReport, FitOptions, SavedCheckpoint, TrainerEvents, TrainingStep } from './training-step.js';

/** What one step is made with. */
interface StepRates {
  readonly weights: number;
  readonly intervals: number;
}

export class Fit {
  readonly #run: Run;
  readonly #listeners: Listeners<TrainerEvents>;
  readonly #data: TrainingData;
  readonly #options: FitOptions;
  readonly #watch = new Stopwatch();

  constructor(run: Run, listeners: Listeners<TrainerEvents>, data: TrainingData, options: FitOptions) {
    this.#run = run;
    this.#listeners = listeners;
    this.#data = data;
    this.#options = checkFitOptions(options);
  }

  /** Until the run has `epochs` epochs. */
  async *steps(): AsyncGenerator<TrainingStep, void, void> {
    const run = this.#run;
    run.assertUsable('fit');
    if (run.isFitting) throw new DyadicError('ERR_BUSY', { op: 'fit', expected: 'one fit() at a time', received: 'a second one' });
    run.isFitting = true;
    try {
      const opened = await run.exclusive('fit', (backend) => run.open(this.#data, backend, { isTraining: true }, 'fit'));
      this.#begin(opened);
      while (run.progress.epoch < this.#options.epochs) yield* this.#epoch(opened);
    } catch (error) {
      if (error instanceof DyadicError && error.code === 'ERR_ABORTED') await this.#save('aborted');
      throw error;
    } finally {
      run.isFitting = false;
    }
  }

  /** Settles how many steps an epoch has; throws if the running epoch was begun with others. */
  #begin({ stepsPerEpoch }: OpenedData): void {
    const { progress } = this.#run;
    if (progress.stepInEpoch > 0 && progress.stepsPerEpoch !== stepsPerEpoch) {
      throw new DyadicError('ERR_DATASET', { op: 'fit', argument: 'data', expected: `epochs of ${progress.stepsPerEpoch} steps: this run is in the middle of one`, received: `${stepsPerEpoch} steps` });
    }
    this.#run.progress = { ...progress, stepsPerEpoch };
  }

  async *#epoch(opened: OpenedData): AsyncGenerator<TrainingStep, void, void> {
    const { progress } = this.#run;
    // It was interrupted after its last step.
    if (progress.stepInEpoch === progress.stepsPerEpoch) {
      this.#throwIfAborted();
      await this.#endEpoch();
      return;
    }
    for await (const batch of until(opened.batches(progress.epoch, progress.stepInEpoch), this.#options.signal)) {
      this.#throwIfAborted();
      yield await this.#step(batch, opened);
    }
  }

  async #step(batch: Batch, opened: OpenedData): Promise<TrainingStep> {
    const { epoch, step, stepInEpoch, stepsPerEpoch } = this.#run.progress;
    const rates = this.#rates();
    this.#watch.beginStep();
    const result = await this.#train(batch, opened, rates);
    this.#watch.endStep(batch.size);
    const isLast = stepInEpoch + 1 === stepsPerEpoch;
    const epochEnd = isLast ? await this.#endEpoch() : undefined;
    const { everySteps } = this.#options.checkpoint ?? {};
    if (!isLast && everySteps !== undefined && (step + 1) % everySteps === 0) await this.#save('step');
    const left = (this.#options.epochs - epoch) * stepsPerEpoch - stepInEpoch - 1;
    const report: TrainingStep = {
      epoch,
      step,
      steps: step + 1 + left,
      loss: result.loss,
      accuracy: result.correct / batch.size,
      imagesPerSecond: this.#watch.imagesPerSecond,
      secondsLeft: this.#watch.secondsLeft(left),
      learningRate: this.#run.settings.optimizer.weights.learningRate * rates.weights,
      layers: result.layers,
      ...(epochEnd === undefined ? {} : { epochEnd }),
    };
    this.#listeners.emit('step', report);
    return report;
  }

  /** The factors of the schedules. They count by epochs, so that data of another size changes nothing of the past. */
  #rates(): StepRates {
    const { progress, settings } = this.#run;
    const { epoch, stepInEpoch, stepsPerEpoch } = progress;
    const position = epoch * stepsPerEpoch + stepInEpoch;
    return { weights: scheduleFactor(settings.schedule.weights, position, stepsPerEpoch), intervals: scheduleFactor(settings.schedule.intervals, position, stepsPerEpoch) };
  }

  /** One step of the program, and of the progress with it: nobody sees the one without the other. */
  #train({ inputs, labels, size }: Batch, { shape, labels: known }: OpenedData, rates: StepRates): Promise<StepResult> {
    const run = this.#run;
    return run.exclusive('fit', async (backend) => {
      const { step, updates } = run.progress;
      const { weights, intervals } = run.settings.optimizer;
      if (known === undefined) checkLabels(labels, backend.classes(shape), `labels of step ${step}`);
      const input = { inputs, labels, step, weights: hyperOf(weights, updates, rates.weights), intervals: hyperOf(intervals, updates, rates.intervals) };
      const { every = 1, ...watch } = this.#options.watch ?? {};
      const isWatched = this.#options.watch !== undefined && step % every === 0;
      const result = await run.turns.run(backend.training(size, shape).stepwise(input, isWatched ? watch : undefined));
      if (!Number.isFinite(result.loss)) throw new DyadicError('ERR_TRAINING', { op: `fit, step ${step}`, argument: 'loss', expected: 'a finite number', received: String(result.loss) });
      run.progress = afterStep(run.progress, { loss: result.loss, correct: result.correct, samples: size, hasUpdated: result.hasUpdated });
      return result;
    });
  }

  async #endEpoch(): Promise<EpochReport> {
    const run = this.#run;
    const { validation: data, signal, checkpoint } = this.#options;
    const validation = data === undefined ? undefined : await run.evaluate(data, signal);
    const { epoch, lossSum, correct, samples, best } = run.progress;
    const candidate: BestEpoch | undefined = validation === undefined ? undefined : { epoch, ...validation };
    const isBest = candidate !== undefined && isBetter(candidate, best);
    await run.exclusive('fit', (backend) => {
      if (isBest) run.keepBest(backend);
      run.progress = afterEpoch(run.progress, isBest ? candidate : best);
    });
    const report: EpochReport = { epoch, loss: lossSum / samples, accuracy: correct / samples, ...(validation === undefined ? {} : { validation }), isBest };
    if ((epoch + 1) % (checkpoint?.everyEpochs ?? 1) === 0) await this.#save('epoch');
    this.#listeners.emit('epoch', report);
    return report;
  }

  async #save(reason: SavedCheckpoint['reason']): Promise<void> {
    const { checkpoint } = this.#options;
    if (checkpoint === undefined) return;
    const { epoch, step } = this.#run.progress;
    const saved: SavedCheckpoint = { bytes: await this.#run.save(), epoch, step, reason };
    await checkpoint.save(saved);
    this.#listeners.emit('checkpoint', saved);
  }

  #throwIfAborted(): void {
    const { signal } = this.#options;
    if (signal?.aborted === true) throw aborted('fit', signal);
  }
}

/** The same items; a source that never answers does not keep an abort waiting. */
async function* until<T>(items: AsyncIterable<T> | Iterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, void> {
  if (signal === undefined || !(Symbol.asyncIterator in items)) {
    yield* items;
    return;
  }
  let stop = (): void => undefined;
  const abort = new Promise<never>((_, reject) => {
    stop = () => reject(aborted('fit', signal));
    signal.addEventListener('abort', stop);
  });
  // Nobody may be waiting when it comes.
  abort.catch(() => undefined);
  const iterator = items[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const item = await Promise.race([iterator.next(), abort]);
      if (item.done === true) {
        isOver = true;
        return;
      }
      yield item.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Not awaited: it may never answer.
    if (!isOver) void iterator.return?.()?.catch(() => undefined);
  }
}
