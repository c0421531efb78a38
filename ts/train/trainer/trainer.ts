/** Trainer: a model, how it is trained, and how far it has come. */
import { DyadicError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import type { QuantizeResult } from '../../quantize/quantize.js';
import type { Engine, EngineOptions } from '../../wasm/engine.js';
import type { Normalization } from '../data/dataset.js';
import type { TrainingData } from '../data/open-data.js';
import { interval } from '../gradient/interval.js';
import { COMPILE_OPTIONS, type CompileOptions, compileTrained } from '../deploy/compile-trained.js';
import type { GradientPolicy } from '../gradient/policy.js';
import { Module } from '../modules/module.js';
import { checkOptionNames } from '../option-names.js';
import type { StateSnapshot } from '../program/training-program.js';
import type { OpenBackend } from './backend.js';
import { decodeCheckpoint } from './checkpoint.js';
import { checkBest, checkSameModel, describeParameters } from './checkpoint-fields.js';
import { checkpointError } from './checkpoint-error.js';
import { openEngineBackend } from './engine-backend.js';
import { Listeners } from './events.js';
import { Fit } from './fit.js';
import type { BestEpoch } from './progress.js';
import { Run } from './run.js';
import { readOptimizers, readSchedules, readSettings, type RunSettings, SETTINGS, type SettingsOptions } from './settings.js';
import type { EpochReport, Evaluation, FitOptions, TrainerEvents, TrainingStep } from './training-step.js';

export interface TrainerOptions extends SettingsOptions {
  /** How the clips of the gradients are chosen: interval(), if not given. */
  readonly gradient?: GradientPolicy;
  /** An engine of createTrainEngine(), or what to make one with. */
  readonly engine?: Engine | EngineOptions;
}

export interface ToGraphOptions {
  /** Of one sample: [height, width, channels] or [features]. */
  readonly shape?: readonly number[];
  /** Of the network, `network` if not given. */
  readonly name?: string;
}

/** What a resumed run may do otherwise; all else is in the checkpoint. */
export type ResumeOptions = Pick<TrainerOptions, 'gradient' | 'engine' | 'optimizer' | 'schedule'>;

/**
 * ```ts
 * const trainer = new Trainer(model, { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), gradient: interval() });
 * for await (const { epoch, step, loss } of trainer.fit(data, { epochs: 10, validation })) console.log(epoch, step, loss);
 * ```
 * Between two steps the host gets its turns, so a browser tab stays alive. Equal settings, data and seed give the same bits on every host, whether or not
 * the run was saved and resumed on the way.
 */
export class Trainer {
  readonly #run: Run;
  readonly #listeners = new Listeners<TrainerEvents>();

  /**
   * Nothing is allocated before the first call that needs it.
   *
   * @param openBackend for tests
   * @throws DyadicError ERR_ARGUMENT
   */
  constructor(model: Module, options: TrainerOptions = {}, openBackend: OpenBackend = openEngineBackend) {
    if (!(model instanceof Module)) throw new DyadicError('ERR_ARGUMENT', { op: 'Trainer', argument: 'model', expected: 'a Module', received: String(model) });
    checkOptionNames(options, ['gradient', 'engine', ...SETTINGS], 'Trainer');
    const { gradient = interval(), engine = {}, ...settings } = options;
    if (typeof gradient?.decide !== 'function') throw new DyadicError('ERR_ARGUMENT', { op: 'Trainer', argument: 'gradient', expected: 'a gradient policy, such as interval()', received: String(gradient) });
    this.#run = new Run({ model, gradient, engine, settings: readSettings(settings, 'Trainer'), openBackend });
  }

  /**
   * The run that `save()` wrote, to be continued with the same bits. `model` is made anew as it was: a checkpoint holds no code.
   *
   * @throws DyadicError ERR_CHECKPOINT: damaged, of another version, of another model (naming the parameter) or gradient policy
   */
  static async resume(bytes: Uint8Array, model: Module, options: ResumeOptions = {}, openBackend?: OpenBackend): Promise<Trainer> {
    checkOptionNames(options, ['gradient', 'engine', 'optimizer', 'schedule'] satisfies (keyof ResumeOptions)[], 'resume');
    const checkpoint = decodeCheckpoint(bytes);
    const { settings, progress, snapshot, best, gradient } = checkpoint;
    const { normalization, optimizer: saved, schedule, ...others } = settings;
    const optimizer = readOptimizers(options.optimizer ?? {}, saved, 'resume');
    for (const group of ['weights', 'intervals'] as const) {
      if (optimizer[group].kind !== saved[group].kind) throw checkpointError({ argument: `optimizer.${group}`, expected: `${saved[group].kind}, whose moments the checkpoint holds`, received: optimizer[group].kind });
    }
    const { engine, gradient: policy = interval() } = options;
    const trainer = new Trainer(
      model,
      {
        ...others,
        ...(normalization === null ? {} : { normalization }),
        ...(engine === undefined ? {} : { engine }),
        gradient: policy,
        optimizer,
        schedule: readSchedules(options.schedule ?? {}, schedule, 'resume'),
      },
      openBackend,
    );
    if (policy.name !== gradient) throw checkpointError({ argument: 'gradient', expected: gradient, received: policy.name });
    const parameters = describeParameters(model.namedParameters());
    checkSameModel(checkpoint.parameters, parameters);
    checkBest(checkpoint, parameters);
    await trainer.#run.exclusive('resume', (backend) => backend.restore(snapshot));
    trainer.#run.progress = progress;
    trainer.#run.best = best;
    return trainer;
  }

  get model(): Module {
    return this.#run.model;
  }

  get settings(): RunSettings {
    return this.#run.settings;
  }

  /** Of pictures in bytes; null before the first fit() that had some, if it was not given. */
  get normalization(): Normalization | null {
    return this.#run.settings.normalization;
  }

  /** Epochs that are over. */
  get epoch(): number {
    return this.#run.progress.epoch;
  }

  /** Steps that are over. */
  get step(): number {
    return this.#run.progress.step;
  }

  /** The epoch with the best validation; null without one. */
  get best(): BestEpoch | null {
    return this.#run.progress.best;
  }

  /**
   * Trains until the run has `epochs` epochs in all, step by step: nothing happens while nobody asks for the next one, and who breaks off can go on with another fit().
   *
   * @throws DyadicError ERR_ABORTED; ERR_DATASET: no, too few or contradictory samples, labels out of range; ERR_TRAINING: a loss that is no number, the parameters are
   * then those of the step before; ERR_MEMORY: a batch that does not fit; ERR_BUSY: another fit() is under way; ERR_DISPOSED; ERR_ARGUMENT; what `checkpoint.save` throws
   */
  fit(data: TrainingData, options: FitOptions): AsyncGenerator<TrainingStep, void, void> {
    return new Fit(this.#run, this.#listeners, data, options).steps();
  }

  /** The same without watching; the reports of all epochs. `on('step', …)` tells of the steps. */
  async train(data: TrainingData, options: FitOptions): Promise<EpochReport[]> {
    const epochs: EpochReport[] = [];
    const stop = this.on('epoch', (epoch) => epochs.push(epoch));
    try {
      const steps = this.fit(data, options);
      while ((await steps.next()).done !== true);
    } finally {
      stop();
    }
    return epochs;
  }

  /** Calls `listener` at every event until the function that comes back is called. What a listener throws ends fit(). Throws ERR_ARGUMENT for an event that there is none of. */
  on<Name extends keyof TrainerEvents>(event: Name, listener: (event: TrainerEvents[Name]) => void): () => void {
    const events: readonly string[] = ['step', 'epoch', 'checkpoint'] satisfies (keyof TrainerEvents)[];
    if (!events.includes(event)) throw new DyadicError('ERR_ARGUMENT', { op: 'on', argument: 'event', expected: events.join(' or '), received: String(event) });
    return this.#listeners.add(event, listener);
  }

  /** Mean loss and accuracy (0 to 1) with running statistics, the samples as they are. Throws as fit() does. */
  async evaluate(data: TrainingData, options: { readonly signal?: AbortSignal } = {}): Promise<Evaluation> {
    checkOptionNames(options, ['signal'], 'evaluate');
    return this.#run.evaluate(data, options.signal);
  }

  /** Everything that resume() needs, as one safetensors file; after the step that is under way. Throws ERR_TRAINING rather than save numbers that are none. */
  save(): Promise<Uint8Array> {
    return this.#run.save();
  }

  /**
   * The network as it is now, as ONNX import would give it: axes NCHW, batch 1, running statistics, weights in f32. A quantized layer reads input and weights through FakeQuantize
   * nodes with the learned scales, so `quantize` deploys exactly these codes, and `exportOnnx` writes it as float or QDQ.
   *
   * `shape` of a sample: that of the data used last, if not given. Throws ERR_ARGUMENT without either, and for a network that was never trained.
   */
  async toGraph(options: ToGraphOptions = {}): Promise<Graph> {
    checkOptionNames(options, ['shape', 'name'] satisfies (keyof ToGraphOptions)[], 'toGraph');
    return this.#run.toGraph(options.shape, options.name);
  }

  /**
   * The integer-only network, calibrated on samples of `data` (training data; pictures become its preprocess block), and a report. `encodeDyad` makes its file.
   *
   * @throws what `quantize` throws; ERR_DATASET
   */
  async compile(data: TrainingData, options: CompileOptions & Pick<ToGraphOptions, 'name'> = {}): Promise<QuantizeResult> {
    checkOptionNames(options, ['name', ...COMPILE_OPTIONS], 'compile');
    const { name, ...others } = options;
    const graph = await this.toGraph({ shape: data.shape, ...(name === undefined ? {} : { name }) });
    const { seed, normalization } = this.#run.settings;
    return compileTrained(() => this.#run.otherEngine(), graph, data, { seed, normalization: normalization ?? undefined }, others);
  }

  /** Parameters, moments and gradient states as they are, after the step that is under way. */
  snapshot(): Promise<StateSnapshot> {
    return this.#run.exclusive('snapshot', (backend) => backend.snapshot());
  }

  /** Puts the parameters of the best epoch in place; moments and progress stay. Throws ERR_ARGUMENT without one. */
  async restoreBest(): Promise<BestEpoch> {
    const { best, progress } = this.#run;
    if (best === null || progress.best === null) throw new DyadicError('ERR_ARGUMENT', { op: 'restoreBest', expected: 'an epoch with a validation', received: 'none so far' });
    await this.#run.exclusive('restoreBest', (backend) => {
      const { tensors, gradients } = backend.snapshot();
      backend.restore({ tensors: new Map([...tensors, ...best]), gradients });
    });
    return progress.best;
  }

  /** Frees its memory; a step that is under way ends with ERR_DISPOSED. May be called twice. */
  dispose(): void {
    this.#run.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
