/** What a Trainer needs of an engine: a state, and programs that move it. */
import type { Engine, EngineOptions } from '../../wasm/engine.js';
import type { GradientPolicy } from '../gradient/policy.js';
import type { Module } from '../modules/module.js';
import type { EvaluationProgram, StateSnapshot, TrainingProgram } from '../program/training-program.js';
import type { RunSettings } from './settings.js';

export interface Backend {
  /** How many outputs the model has per sample of this shape. Throws ERR_SHAPE and the like if it does not take such samples. */
  classes(sampleShape: readonly number[]): number;
  /** Programs are kept for the sizes used last. Throw ERR_MEMORY. */
  training(batch: number, sampleShape: readonly number[]): TrainingProgram;
  evaluation(batch: number, sampleShape: readonly number[]): EvaluationProgram;
  snapshot(): StateSnapshot;
  /** Throws ERR_CHECKPOINT naming the tensor that does not fit; the state is then as before. */
  restore(snapshot: StateSnapshot): void;
  dispose(): void;
}

export type OpenBackend = (model: Module, engine: Engine | EngineOptions, settings: RunSettings, gradient: GradientPolicy) => Promise<Backend>;
