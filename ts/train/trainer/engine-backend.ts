/** The Backend over an engine: one ModelState, and the programs of the batch sizes used last. */
import { DyadicError } from '../../errors.js';
import type { Engine, EngineOptions } from '../../wasm/engine.js';
import type { GradientPolicy } from '../gradient/policy.js';
import type { Module } from '../modules/module.js';
import { compileEvaluation } from '../program/compile-evaluation.js';
import { compileTraining } from '../program/compile-training.js';
import { ModelState } from '../program/model-state.js';
import type { EvaluationProgram, StateSnapshot, TrainingProgram } from '../program/training-program.js';
import { trace } from '../tape/trace.js';
import type { Backend, OpenBackend } from './backend.js';
import { createTrainEngine } from './create-train-engine.js';
import type { RunSettings } from './settings.js';

/** Of each kind: full batches and the last one of an epoch. */
const KEPT_PROGRAMS = 2;

export const openEngineBackend: OpenBackend = async (model, engine, settings, gradient) => new EngineBackend(model, isEngine(engine) ? engine : await createTrainEngine(engine), settings, gradient);

function isEngine(engine: Engine | EngineOptions): engine is Engine {
  return 'runInteger' in engine;
}

class EngineBackend implements Backend {
  readonly #model: Module;
  readonly #settings: RunSettings;
  readonly #gradient: GradientPolicy;
  readonly #state: ModelState;
  /** Used last comes last. */
  readonly #training = new Map<string, TrainingProgram>();
  readonly #evaluation = new Map<string, EvaluationProgram>();
  readonly #classes = new Map<string, number>();

  constructor(model: Module, engine: Engine, settings: RunSettings, gradient: GradientPolicy) {
    this.#model = model;
    this.#settings = settings;
    this.#gradient = gradient;
    const { seed, optimizer } = settings;
    this.#state = new ModelState(engine, model, { seed, optimizers: { weights: optimizer.weights.kind, intervals: optimizer.intervals.kind } });
  }

  classes(sampleShape: readonly number[]): number {
    const key = sampleShape.join();
    const known = this.#classes.get(key) ?? (trace(this.#model, [1, ...sampleShape]).output.shape.at(-1) as number);
    this.#classes.set(key, known);
    return known;
  }

  training(batch: number, sampleShape: readonly number[]): TrainingProgram {
    const { seed, loss } = this.#settings;
    const options = { batch, gradient: this.#gradient, seed, loss: loss.kind, labelSmoothing: labelSmoothingOf(this.#settings) };
    return this.#program(this.#training, [batch, ...sampleShape], (shape) => compileTraining(this.#state, trace(this.#model, shape), options));
  }

  evaluation(batch: number, sampleShape: readonly number[]): EvaluationProgram {
    const options = { batch, loss: this.#settings.loss.kind, labelSmoothing: labelSmoothingOf(this.#settings) };
    return this.#program(this.#evaluation, [batch, ...sampleShape], (shape) => compileEvaluation(this.#state, trace(this.#model, shape), options));
  }

  snapshot(): StateSnapshot {
    return this.#state.snapshot();
  }

  restore(snapshot: StateSnapshot): void {
    this.#state.restore(snapshot);
  }

  dispose(): void {
    this.#dropPrograms();
    this.#state.dispose();
  }

  #program<P extends { dispose(): void }>(kept: Map<string, P>, shape: readonly number[], compile: (shape: readonly number[]) => P): P {
    const key = shape.join();
    const program = kept.get(key) ?? this.#compile(() => compile(shape));
    kept.delete(key);
    kept.set(key, program);
    const [oldest] = kept;
    if (kept.size > KEPT_PROGRAMS && oldest !== undefined) {
      kept.delete(oldest[0]);
      oldest[1].dispose();
    }
    return program;
  }

  /** Where there is no room, all other programs make room. */
  #compile<P>(compile: () => P): P {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof DyadicError) || error.code !== 'ERR_MEMORY') throw error;
      this.#dropPrograms();
      return compile();
    }
  }

  #dropPrograms(): void {
    for (const kept of [this.#training, this.#evaluation]) {
      for (const program of kept.values()) program.dispose();
      kept.clear();
    }
  }
}

function labelSmoothingOf({ loss }: RunSettings): number {
  return loss.kind === 'cross_entropy' ? loss.labelSmoothing : 0;
}
