/** A run: settings, progress and the state they belong to. One thing happens to it at a time; whoever comes meanwhile waits for the end of a step. */
import { DyadicError } from '../../errors.js';
import type { Engine, EngineOptions } from '../../wasm/engine.js';
import { checkDataset, checkLabels } from '../data/check-dataset.js';
import { normalizationInTurns } from '../data/normalization.js';
import { isDataset, openData, type OpenedData, type TrainingData } from '../data/open-data.js';
import type { GradientPolicy } from '../gradient/policy.js';
import { tapeToGraph } from '../deploy/tape-to-graph.js';
import type { Graph } from '../../graph/graph.js';
import type { Module } from '../modules/module.js';
import type { StateSnapshot } from '../program/training-program.js';
import type { Backend, OpenBackend } from './backend.js';
import { encodeCheckpoint } from './checkpoint.js';
import { describeParameters } from './checkpoint-fields.js';
import { BEGINNING, type Progress } from './progress.js';
import type { RunSettings } from './settings.js';
import type { Evaluation } from './training-step.js';
import { trace } from '../tape/trace.js';
import { createTrainEngine } from './create-train-engine.js';
import { Turns } from './turns.js';

export interface RunParts {
  readonly model: Module;
  readonly settings: RunSettings;
  readonly gradient: GradientPolicy;
  readonly engine: Engine | EngineOptions;
  readonly openBackend: OpenBackend;
}

export class Run {
  readonly model: Module;
  readonly gradient: GradientPolicy;
  readonly turns = new Turns();
  settings: RunSettings;
  progress: Progress = BEGINNING;
  /** Parameters after the best epoch. */
  best: StateSnapshot['tensors'] | null = null;
  isFitting = false;
  /** Of the data that were used last. */
  sampleShape: readonly number[] | undefined;
  readonly #parts: RunParts;
  #backend: Promise<Backend> | undefined;
  #opened: Backend | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isWorking = false;
  #isDisposed = false;

  constructor(parts: RunParts) {
    this.model = parts.model;
    this.gradient = parts.gradient;
    this.settings = parts.settings;
    this.#parts = parts;
  }

  /** Runs `work` when all that came before is done. Throws ERR_DISPOSED. */
  exclusive<T>(op: string, work: (backend: Backend) => T | Promise<T>): Promise<T> {
    const mine = this.#last.then(() => this.#work(op, work));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Opens data for training or evaluation and checks its labels against the model's outputs. */
  async open(data: TrainingData, backend: Backend, { isTraining }: { readonly isTraining: boolean }, op: string): Promise<OpenedData> {
    const { batch, seed, augment: augmentation, dropLast } = this.settings;
    if (isDataset(data)) checkDataset(data);
    const normalization = this.settings.normalization ?? (isDataset(data) ? await this.turns.run(normalizationInTurns(data)) : undefined);
    const opened = openData(data, { batch, seed, augmentation, normalization, isTraining, dropLast }, op);
    const classes = backend.classes(opened.shape);
    this.sampleShape = opened.shape;
    if (opened.labels !== undefined) checkLabels(opened.labels, classes, isDataset(data) ? data.name : 'labels');
    if (isTraining && normalization !== undefined && isDataset(data)) this.settings = { ...this.settings, normalization };
    return opened;
  }

  /** Mean loss and accuracy over all samples. */
  evaluate(data: TrainingData, signal: AbortSignal | undefined): Promise<Evaluation> {
    return this.exclusive('evaluate', async (backend) => {
      const opened = await this.open(data, backend, { isTraining: false }, 'evaluate');
      let [loss, correct, samples] = [0, 0, 0];
      for await (const { inputs, labels, size } of opened.batches(0, 0)) {
        if (signal?.aborted === true) throw aborted('evaluate', signal);
        if (opened.labels === undefined) checkLabels(labels, backend.classes(opened.shape), 'labels');
        const result = await this.turns.run(backend.evaluation(size, opened.shape).stepwise(inputs, labels));
        loss += result.loss * size;
        correct += this.settings.loss.kind === 'cross_entropy' ? result.correct : countRight(result.logits, labels);
        samples += size;
      }
      if (!Number.isFinite(loss)) throw new DyadicError('ERR_TRAINING', { op: 'evaluate', argument: 'loss', expected: 'a finite number', received: String(loss) });
      return { loss: loss / samples, accuracy: correct / samples };
    });
  }

  /** The run as bytes, after the step that is under way. */
  save(): Promise<Uint8Array> {
    return this.exclusive('save', (backend) => {
      const { settings, progress, best } = this;
      return encodeCheckpoint({ settings, progress, gradient: this.gradient.name, parameters: describeParameters(this.model.namedParameters()), snapshot: backend.snapshot(), best });
    });
  }

  /** Keeps a copy of the parameters as they are. */
  keepBest(backend: Backend): void {
    const names = this.model.namedParameters();
    this.best = new Map([...backend.snapshot().tensors].filter(([name]) => names.has(name)));
  }

  /** The network as it is, for samples of this shape; see tapeToGraph. Throws ERR_ARGUMENT before the first fit() or evaluate() if no shape is given. */
  toGraph(shape: readonly number[] | undefined, name: string | undefined): Promise<Graph> {
    return this.exclusive('toGraph', (backend) => {
      const sample = shape ?? this.sampleShape;
      if (sample === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'toGraph', argument: 'shape', expected: 'the shape of a sample: nothing was trained or evaluated so far', received: 'none' });
      return tapeToGraph(trace(this.model, [1, ...sample]), backend.snapshot(), name);
    });
  }

  /** An engine for other work than training: the caller's, or one of its own. */
  async otherEngine(): Promise<Engine> {
    const { engine } = this.#parts;
    return 'allocate' in engine ? engine : createTrainEngine(engine);
  }

  /** Frees what the run holds, after the piece of work that is under way. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.turns.stop();
    if (!this.#isWorking) this.#free();
  }

  assertUsable(op: string): void {
    if (this.#isDisposed) throw new DyadicError('ERR_DISPOSED', { op, expected: 'a trainer in use', received: 'a disposed one' });
  }

  async #work<T>(op: string, work: (backend: Backend) => T | Promise<T>): Promise<T> {
    this.assertUsable(op);
    this.#isWorking = true;
    try {
      const backend = await this.#open();
      this.assertUsable(op);
      return await work(backend);
    } finally {
      this.#isWorking = false;
      if (this.#isDisposed) this.#free();
    }
  }

  /** A failure is forgotten, so that the next call may try again: the network may be back. */
  async #open(): Promise<Backend> {
    const { model, engine, openBackend, gradient } = this.#parts;
    this.#backend ??= openBackend(model, engine, this.settings, gradient);
    try {
      this.#opened = await this.#backend;
      return this.#opened;
    } catch (error) {
      this.#backend = undefined;
      throw error;
    }
  }

  #free(): void {
    this.#opened?.dispose();
    this.#opened = undefined;
  }
}

/** How many rows have their largest number, the first of equals, at the place of the label. The kernel of this loss does not count. */
function countRight(outputs: Float32Array, labels: Int32Array): number {
  const classes = outputs.length / labels.length;
  return labels.reduce((right, label, row) => {
    const own = outputs.subarray(row * classes, (row + 1) * classes);
    return right + Number(own.every((value, c) => (c < label ? value < (own[label] as number) : value <= (own[label] as number))));
  }, 0);
}

export function aborted(op: string, signal: AbortSignal): DyadicError {
  return new DyadicError('ERR_ABORTED', { op, expected: 'to reach its end', received: `an abort: ${String(signal.reason)}`, cause: signal.reason });
}
