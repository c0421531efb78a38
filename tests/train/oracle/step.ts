/** A model on an engine: parameters by name, one step, one evaluation. */
import { readFileSync } from 'node:fs';
import { createTrainEngine } from '../../../ts/train/trainer/create-train-engine.js';
import type { GradientPolicy } from '../../../ts/train/gradient/policy.js';
import type { Module } from '../../../ts/train/modules/module.js';
import { compileEvaluation } from '../../../ts/train/program/compile-evaluation.js';
import { compileTraining } from '../../../ts/train/program/compile-training.js';
import { ModelState, type OptimizerKind } from '../../../ts/train/program/model-state.js';
import type { EvaluationProgram, StepInput, StepResult, TrainingProgram } from '../../../ts/train/program/training-program.js';
import type { Tape } from '../../../ts/train/tape/tape.js';
import { trace } from '../../../ts/train/tape/trace.js';
import type { Flavour } from '../../../ts/wasm/engine.js';

export { FLAVOURS } from '../../engine/flavours.js';

/** Clips nothing. */
const WHOLE: GradientPolicy = { name: 'whole', initial: () => ({}), decide: ({ maximum }, state) => ({ clip: maximum === 0 ? 1 : maximum, state }) };

function load(flavour: Flavour): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../../pkg/train-${flavour}.wasm`, import.meta.url)));
}

function last<T>(run: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = run.next();
    if (done === true) return value;
  }
}

export class Bench {
  readonly tape: Tape;
  readonly #state: ModelState;
  readonly #training: TrainingProgram;
  readonly #evaluation: EvaluationProgram;

  private constructor(tape: Tape, state: ModelState, labelSmoothing: number) {
    const batch = tape.input.shape[0]!;
    this.tape = tape;
    this.#state = state;
    this.#training = compileTraining(state, tape, { batch, gradient: WHOLE, loss: 'cross_entropy', labelSmoothing, seed: [1, 2] });
    this.#evaluation = compileEvaluation(state, tape, { batch, loss: 'cross_entropy', labelSmoothing });
  }

  static async create(flavour: Flavour, model: Module, shape: readonly number[], { optimizer, labelSmoothing }: { optimizer: OptimizerKind; labelSmoothing: number }): Promise<Bench> {
    const engine = await createTrainEngine({ flavour }, load);
    const state = new ModelState(engine, model, { seed: [1, 2], optimizers: { weights: optimizer, intervals: optimizer } });
    return new Bench(trace(model, shape), state, labelSmoothing);
  }

  /** Overwrites parameters. */
  set(values: ReadonlyMap<string, ArrayLike<number>>): void {
    const { tensors, gradients } = this.#state.snapshot();
    for (const [name, data] of values) tensors.get(name)!.data.set(data);
    this.#state.restore({ tensors, gradients });
  }

  read(name: string): Float32Array {
    return this.#state.read(this.tape.parameters.get(name)!);
  }

  step(input: StepInput): StepResult {
    return last(this.#training.stepwise(input));
  }

  evaluate(inputs: Float32Array, labels: Int32Array): { readonly logits: Float32Array; readonly loss: number; readonly correct: number } {
    return last(this.#evaluation.stepwise(inputs, labels));
  }

  dispose(): void {
    this.#training.dispose();
    this.#evaluation.dispose();
    this.#state.dispose();
  }
}
