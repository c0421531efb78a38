/** One run: trains, keeps the log and the checkpoints, and tells how it goes. */
import { DyadicError } from '../errors.js';
import type { GradientPolicy } from '../train/gradient/policy.js';
import type { Module } from '../train/modules/module.js';
import { renderReport } from '../train/report/report.js';
import { parseRunLog, type RunLine } from '../train/report/run-log.js';
import { createTrainEngine } from '../train/trainer/create-train-engine.js';
import { crossEntropy } from '../train/trainer/loss.js';
import type { BestEpoch } from '../train/trainer/progress.js';
import { Trainer } from '../train/trainer/trainer.js';
import type { EpochReport, SavedCheckpoint, TrainingStep } from '../train/trainer/training-step.js';
import type { Engine } from '../wasm/engine.js';
import type { TrainingData } from './train-data.js';
import { BEST, CHECKPOINT, LOG, type RunFolder } from './train-folder.js';
import { makeModel } from './train-model.js';
import { epochText, TrainingProgress } from './train-progress.js';
import { logIntervals, Recorder } from './train-recorder.js';
import { bitsText, gradientPolicy, type TrainSettings } from './train-settings.js';

const HISTOGRAM_BINS = 64;

/** What is said while it goes on, for people or as JSON. */
export interface Announcer {
  epoch(text: string, json: object): void;
  warning(text: string): void;
}

export interface ArmRequest {
  /** The method, or f32: its name in logs and reports. */
  readonly arm: string;
  /** Before each line, where there are several arms. */
  readonly label: string;
  readonly folder: RunFolder;
  readonly settings: TrainSettings;
  readonly data: TrainingData;
  /** Of the run that is gone on with. */
  readonly checkpoint: Uint8Array | null;
  /** Whether optimizer and schedule are those of `settings` and not those of the checkpoint. */
  readonly hasNewRates: boolean;
  readonly signal: AbortSignal;
  readonly say: Announcer;
}

export interface ArmOutcome {
  readonly arm: string;
  readonly reason: 'done' | 'interrupted';
  readonly epochs: number;
  readonly steps: number;
  readonly best: BestEpoch | null;
  readonly trainer: Trainer;
}

/**
 * Trains until the run has all its epochs, or the signal says stop: then the run is saved where it is.
 * @throws DyadicError what the trainer throws; the last checkpoint stays
 */
export async function trainArm(request: ArmRequest): Promise<ArmOutcome> {
  const { arm, folder, settings, data, signal } = request;
  const engine = await createTrainEngine({ flavour: settings.flavour });
  const gradient = gradientPolicy(settings);
  const model = await makeModel(settings.model, { classes: data.train.classes, shape: data.train.shape, bits: settings.bits });
  const trainer = await openTrainer(request, model, gradient, engine);
  const stepsPerEpoch = Math.floor(data.train.count / settings.batch);
  const watch = logIntervals(stepsPerEpoch * settings.epochs);
  const recorder = new Recorder({ every: watch.line, batch: settings.batch, stepsPerEpoch, layers: [...model.namedModules().keys()] });
  folder.mendLog();
  folder.log(runLine(request, trainer, stepsPerEpoch, engine));
  const progress = new TrainingProgress(request.label);
  trainer.on('epoch', (epoch) => endEpoch(request, recorder, progress, epoch, trainer.step));
  const outcome = (reason: ArmOutcome['reason']): ArmOutcome => ({ arm, reason, epochs: trainer.epoch, steps: trainer.step, best: trainer.best, trainer });
  try {
    const steps = trainer.fit(data.train, {
      epochs: settings.epochs,
      validation: data.test,
      signal,
      checkpoint: { save: (saved) => save(folder, saved, trainer.best), ...(settings.saveEvery === undefined ? {} : { everySteps: settings.saveEvery }) },
      watch: { histogramBins: HISTOGRAM_BINS, largeFraction: settings.alpha, every: watch.watch },
    });
    for await (const step of steps) afterStep(request, recorder, progress, gradient, step);
  } catch (error) {
    if (!(error instanceof DyadicError && error.code === 'ERR_ABORTED')) throw error;
    return finish(folder, outcome('interrupted'));
  } finally {
    progress.clear();
  }
  return finish(folder, outcome('done'));
}

function openTrainer({ settings, checkpoint, hasNewRates }: ArmRequest, model: Module, gradient: GradientPolicy, engine: Engine): Promise<Trainer> {
  const { optimizer, schedule, batch, seed, augment, labelSmoothing } = settings;
  if (checkpoint !== null) return Trainer.resume(checkpoint, model, { gradient, engine, ...(hasNewRates ? { optimizer, schedule } : {}) });
  return Promise.resolve(new Trainer(model, { gradient, engine, optimizer, schedule, batch, seed, augment, loss: crossEntropy({ labelSmoothing }) }));
}

function afterStep({ folder, settings, label, say }: ArmRequest, recorder: Recorder, progress: TrainingProgress, gradient: GradientPolicy, step: TrainingStep): void {
  const line = recorder.step(step);
  if (line !== null) folder.log(line);
  if (step.step === 0) {
    for (const { layer, count } of step.layers) {
      const warning = gradient.warning?.(count, settings.bits?.gradient ?? 0);
      if (warning !== undefined) say.warning(`${label === '' ? '' : `${label}: `}${layer}: ${warning}`);
    }
  }
  progress.update(step, settings.epochs);
}

function endEpoch({ arm, label, folder, settings, say }: ArmRequest, recorder: Recorder, progress: TrainingProgress, report: EpochReport, step: number): void {
  const line = recorder.epoch(report, step);
  folder.log(line);
  progress.clear();
  const { type: _, ...numbers } = line;
  say.epoch(epochText(label, line, settings.epochs, report.isBest), { ...(label === '' ? {} : { arm }), ...numbers, isBest: report.isBest });
}

/** The best epoch first: a process lost between the two makes that epoch again when it is resumed, with the same bits. */
function save(folder: RunFolder, { bytes, epoch, reason }: SavedCheckpoint, best: BestEpoch | null): void {
  if (reason === 'epoch' && best?.epoch === epoch - 1) folder.write(BEST, bytes);
  folder.write(CHECKPOINT, bytes);
}

function finish(folder: RunFolder, outcome: ArmOutcome): ArmOutcome {
  const { best, epochs, steps, reason } = outcome;
  folder.log({ type: 'end', epochs, step: steps, bestAccuracy: best?.accuracy ?? 0, bestEpoch: best === null ? 0 : best.epoch + 1, reason });
  return outcome;
}

/** The report of runs whose logs are in these folders. */
export function reportOf(folders: readonly RunFolder[]): Uint8Array {
  return new TextEncoder().encode(renderReport(folders.map((folder) => parseRunLog(folder.readText(LOG), folder.file(LOG)))));
}

function runLine({ arm, settings, data }: ArmRequest, trainer: Trainer, stepsPerEpoch: number, engine: Engine): RunLine {
  const { model, bits, epochs, batch, seed, alpha } = settings;
  return {
    type: 'run',
    arm,
    model,
    bits: bitsText(bits),
    data: data.name,
    trainCount: data.train.count,
    testCount: data.test.count,
    epochs,
    batch,
    stepsPerEpoch,
    seed,
    optimizer: optimizerText(trainer),
    schedule: scheduleText(trainer),
    augment: augmentText(trainer),
    alpha,
    gradientBits: bits?.gradient ?? 32,
    host: `Node ${process.versions.node}, ${process.arch}, ${engine.flavour}`,
    from: trainer.step,
  };
}

function optimizerText({ settings: { optimizer: { weights } } }: Trainer): string {
  const decay = weights.weightDecay === 0 ? '' : `, weight decay ${weights.weightDecay}`;
  return weights.kind === 'sgd' ? `SGD, rate ${weights.learningRate}, momentum ${weights.momentum}${decay}` : `Adam, rate ${weights.learningRate}${decay}`;
}

function scheduleText({ settings: { schedule } }: Trainer): string {
  const text = (each: typeof schedule.weights): string => {
    switch (each.kind) {
      case 'constant':
        return 'constant';
      case 'step':
        return `× ${each.factor} every ${each.every} epochs`;
      case 'multi_step':
        return `× ${each.factor} at ${each.at.join(', ')} epochs`;
      case 'cosine':
        return `cosine over ${each.epochs} epochs${each.final === 0 ? '' : ` to ${each.final}`}`;
      case 'warm_up':
        return `warm-up over ${each.epochs}, ${text(each.then)}`;
    }
  };
  return text(schedule.weights);
}

function augmentText({ settings: { augment: { horizontalFlip, cropPadding } } }: Trainer): string {
  const parts = [...(horizontalFlip === true ? ['flip'] : []), ...((cropPadding ?? 0) > 0 ? [`crop ${cropPadding}`] : [])];
  return parts.length === 0 ? 'none' : parts.join(', ');
}
