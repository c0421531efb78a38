/**
 * What the trainer drives. `ModelState` owns everything that lasts (parameters, running statistics, optimizer moments, gradient states) in the arena of one engine;
 * a `TrainingProgram` is a step compiled for one batch size, made from the model's tape; an `EvaluationProgram` is its forward pass with running statistics.
 */
import type { GradientPolicy, GradientState } from '../gradient/policy.js';

/** The numbers of an optimizer's kernel for this step; see `Sgd` and `Adam` in crates/training/src/params.rs. */
export interface GroupHyper {
  readonly kind: 'sgd' | 'adam';
  /** Eight numbers, f32. */
  readonly values: readonly number[];
}

export interface StepInput {
  /** [batch][height][width][channels] f32 */
  readonly inputs: Float32Array;
  /** [batch], 0 to classes − 1 */
  readonly labels: Int32Array;
  /** [batch][outputs] for mean_squared_error; if not given, 1 at the label and 0 elsewhere. */
  readonly targets?: Float32Array;
  /** Counts from 0; addresses the noise of stochastic rounding. */
  readonly step: number;
  readonly weights: GroupHyper;
  readonly intervals: GroupHyper;
}

/** What a step tells about one quantized layer's gradient. */
export interface LayerGradientReport {
  readonly layer: string;
  readonly count: number;
  readonly maximum: number;
  readonly clip: number;
  readonly clippedFraction: number;
  /** Only on steps where it was asked for. */
  readonly histogram?: Int32Array;
  /** Relative squared error of the gradients in the top α by size, and of all. */
  readonly largeError?: number;
  readonly allError?: number;
}

export interface StepResult {
  readonly loss: number;
  /** How many of the batch were classified right. */
  readonly correct: number;
  /** False if a gradient policy only measured in this step (`isMeasuring`): no parameter has moved, and optimizers do not count it. */
  readonly hasUpdated: boolean;
  readonly layers: readonly LayerGradientReport[];
}

/** Everything a checkpoint must hold about the model, by name: parameters, `NAME.velocity`, `NAME.first_moment`, …, and the gradient states by layer. */
export interface StateSnapshot {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  readonly gradients: ReadonlyMap<string, GradientState>;
}

export interface TrainingProgram {
  readonly batch: number;
  readonly activationBytes: number;
  /** Runs one step; yields after every few kernels so that the caller can give the host a turn. Throws ERR_TRAINING with layer and step if the loss is no number; weights are then as before the step. */
  stepwise(input: StepInput, watch?: WatchOptions): Generator<void, StepResult, void>;
  dispose(): void;
}

/** What reports want measured beyond what a step needs. */
export interface WatchOptions {
  readonly histogramBins?: number;
  /** The α whose top gradients count as large. */
  readonly largeFraction?: number;
}

export interface EvaluationProgram {
  readonly batch: number;
  /** Logits [batch][classes], and the mean loss and count of right ones against the labels. */
  stepwise(inputs: Float32Array, labels: Int32Array): Generator<void, { readonly logits: Float32Array; readonly loss: number; readonly correct: number }, void>;
  dispose(): void;
}

export interface EvaluationOptions {
  readonly batch: number;
  readonly loss: TrainingOptions['loss'];
  readonly labelSmoothing?: number;
}

export interface TrainingOptions {
  readonly batch: number;
  readonly gradient: GradientPolicy;
  readonly loss: 'cross_entropy' | 'mean_squared_error';
  readonly labelSmoothing: number;
  /** 64 bits as two u32. */
  readonly seed: readonly [number, number];
}
