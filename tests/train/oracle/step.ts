/** A model with its state and programs on one engine: what tests of whole steps have in common. */
import type { Module } from '../../../ts/train/modules/module.js';
import type { GradientPolicy } from '../../../ts/train/gradient/policy.js';
import { compileEvaluation } from '../../../ts/train/program/compile-evaluation.js';
import { compileTraining } from '../../../ts/train/program/compile-training.js';
import { ModelState, type ModelStateOptions, type OptimizerKind } from '../../../ts/train/program/model-state.js';
import type { EvaluationProgram, StepInput, StepResult, TrainingProgram, WatchOptions } from '../../../ts/train/program/training-program.js';
import type { Tape } from '../../../ts/train/tape/tape.js';
import { trace } from '../../../ts/train/tape/trace.js';
import { createTrainEngine } from '../../../ts/train/trainer/create-train-engine.js';
import type { Engine, Flavour } from '../../../ts/wasm/engine.js';
import { FLAVOURS, trainingModuleBytes } from '../../engine/flavours.js';

export { FLAVOURS };

export interface BenchOptions {
  /** One for both groups, or one each. */
  readonly optimizer?: OptimizerKind | ModelStateOptions['optimizers'];
  readonly labelSmoothing?: number;
  readonly policy?: GradientPolicy;
  readonly loss?: 'cross_entropy' | 'mean_squared_error';
  readonly seed?: readonly [number, number];
}

/** Clips nothing. */
export const wholeRange: GradientPolicy = {
  name: 'whole range',
  initial: () => ({}),
  decide: ({ maximum }, state) => ({ clip: maximum > 0 ? maximum : 1, state }),
};

/** The result of a generator run to its end. */
export function finish<Result>(steps: Generator<void, Result, void>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value as Result;
  }
}

export class Bench {
  /** Gradients of the last step by parameter. */
  readonly gradients = new Map<string, Float32Array>();
  readonly tape: Tape;
  readonly state: ModelState;
  readonly program: TrainingProgram;
  readonly #evaluation: EvaluationProgram;

  constructor(readonly engine: Engine, readonly model: Module, shape: readonly number[], options: BenchOptions) {
    const { optimizer = 'sgd', labelSmoothing = 0, policy = wholeRange, loss = 'cross_entropy', seed = [1, 2] } = options;
    this.tape = trace(model, shape);
    this.state = new ModelState(engine, model, { seed, optimizers: typeof optimizer === 'string' ? { weights: optimizer, intervals: optimizer } : optimizer });
    const batch = shape[0] as number;
    this.program = compileTraining(this.state, this.tape, { batch, gradient: policy, loss, labelSmoothing, seed }, (name, gradient) => this.gradients.set(name, gradient));
    this.#evaluation = compileEvaluation(this.state, this.tape, { batch, loss, labelSmoothing });
  }

  static async create(flavour: Flavour, model: Module, shape: readonly number[], options: BenchOptions = {}): Promise<Bench> {
    return new Bench(await createTrainEngine({ flavour }, trainingModuleBytes), model, shape, options);
  }

  /** Overwrites parameters by name. */
  set(values: ReadonlyMap<string, ArrayLike<number>>): void {
    const snapshot = this.state.snapshot();
    for (const [name, data] of values) snapshot.tensors.get(name)?.data.set(data);
    this.state.restore(snapshot);
  }

  step(input: StepInput, watch?: WatchOptions): StepResult {
    return finish(this.program.stepwise(input, watch));
  }

  read(name: string): Float32Array {
    return this.state.snapshot().tensors.get(name)?.data ?? new Float32Array(0);
  }

  evaluate(inputs: Float32Array, labels: Int32Array): { readonly logits: Float32Array; readonly loss: number; readonly correct: number } {
    return finish(this.#evaluation.stepwise(inputs, labels));
  }

  dispose(): void {
    this.program.dispose();
    this.#evaluation.dispose();
    this.state.dispose();
  }
}
