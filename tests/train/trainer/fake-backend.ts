/**
 * A Backend without an engine: one linear layer, least squares, in plain JavaScript. Like the real one it has a moment per weight, a gradient state, noise that depends
 * on the step, and yields in the middle of its work; so every number that a checkpoint forgets shows.
 */
import { DyadicError } from '../../../ts/errors.js';
import type { GradientPolicy, GradientState } from '../../../ts/train/gradient/policy.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import type { StateSnapshot, StepInput, StepResult } from '../../../ts/train/program/training-program.js';
import type { OpenBackend } from '../../../ts/train/trainer/backend.js';

export const FEATURES = 4;
export const CLASSES = 3;

export const fakeModel = (): Linear => new Linear({ in: FEATURES, out: CLASSES, bias: false });

/** Its clip creeps from step to step. */
export const creeping: GradientPolicy = {
  name: 'creeping',
  initial: () => ({ gamma: 1, trace: [-0, 0.5] }),
  decide: ({ maximum }, state) => ({ clip: maximum * (state['gamma'] as number), state: { gamma: (state['gamma'] as number) * 0.99, trace: [-0, maximum] } }),
};

export interface FakeWatch {
  /** Of every step that was done: what the trainer handed over. */
  readonly inputs: StepInput[];
  disposed: number;
  /** Throws ERR_TRAINING in this step. */
  failAt?: number;
  /** So many first steps only measure. */
  measuring?: number;
  /** Before every turn of the generators. */
  onTurn?: () => void;
}

export function fakeBackend(watch: FakeWatch = { inputs: [], disposed: 0 }): OpenBackend {
  return (_model, _engine, settings, gradient) => {
    const fake = new Fake(settings.seed[0], gradient, watch);
    return Promise.resolve({
      classes: () => CLASSES,
      training: (batch: number) => ({ batch, activationBytes: 0, stepwise: (input: StepInput) => fake.step(input), dispose: () => undefined }),
      evaluation: (batch: number) => ({ batch, stepwise: (inputs: Float32Array, labels: Int32Array) => fake.evaluate(inputs, labels), dispose: () => undefined }),
      snapshot: () => fake.snapshot(),
      restore: (snapshot: StateSnapshot) => fake.restore(snapshot),
      dispose: () => void watch.disposed++,
    });
  };
}

class Fake {
  weight: Float32Array;
  velocity = new Float32Array(FEATURES * CLASSES);
  state: GradientState;
  readonly #gradient: GradientPolicy;
  readonly #watch: FakeWatch;

  constructor(seed: number, gradient: GradientPolicy, watch: FakeWatch) {
    this.#gradient = gradient;
    this.#watch = watch;
    this.state = gradient.initial();
    this.weight = Float32Array.from({ length: FEATURES * CLASSES }, (_, i) => ((i * 37 + seed) % 11) / 11 - 0.5);
  }

  *step(input: StepInput): Generator<void, StepResult, void> {
    const inputs = input.inputs.slice();
    const labels = input.labels.slice();
    if (this.#watch.failAt === input.step) throw new DyadicError('ERR_TRAINING', { op: `step ${input.step}`, expected: 'a finite loss', received: 'NaN' });
    const { loss, correct, gradient } = this.#pass(inputs, labels);
    for (let turn = 0; turn < 3; turn++) {
      this.#watch.onTurn?.();
      yield;
    }
    const maximum = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    const count = gradient.length;
    const unused = (): never => {
      throw new Error('unused');
    };
    const { clip, state } = this.#gradient.decide({ count, bits: 4, maximum, previousClippedFraction: undefined, histogram: unused, channels: unused }, this.state);
    this.state = state;
    const [learningRate = 0, momentum = 0, , weightDecay = 0] = input.weights.values;
    const hasUpdated = input.step >= (this.#watch.measuring ?? 0);
    for (let i = 0; hasUpdated && i < count; i++) {
      const noise = (((input.step * 7919 + i * 104_729) % 1000) / 1000 - 0.5) * 1e-3;
      const g = Math.min(clip, Math.max(-clip, gradient[i]!)) + noise + weightDecay * this.weight[i]!;
      this.velocity[i] = momentum * this.velocity[i]! + g;
      this.weight[i] = this.weight[i]! - learningRate * this.velocity[i]!;
    }
    this.#watch.inputs.push({ ...input, inputs, labels });
    return { loss, correct, hasUpdated, layers: [{ layer: 'linear', count, maximum, clip, clippedFraction: 0 }] };
  }

  *evaluate(inputs: Float32Array, labels: Int32Array): Generator<void, { logits: Float32Array; loss: number; correct: number }, void> {
    this.#watch.onTurn?.();
    yield;
    const { loss, correct, logits } = this.#pass(inputs, labels);
    return { logits, loss, correct };
  }

  snapshot(): StateSnapshot {
    const shape = [CLASSES, FEATURES];
    return {
      tensors: new Map([
        ['weight', { shape, data: this.weight.slice() }],
        ['weight.velocity', { shape, data: this.velocity.slice() }],
      ]),
      gradients: new Map([['linear', this.state]]),
    };
  }

  restore({ tensors, gradients }: StateSnapshot): void {
    this.weight = tensors.get('weight')!.data.slice();
    this.velocity = tensors.get('weight.velocity')!.data.slice();
    this.state = gradients.get('linear')!;
  }

  #pass(inputs: Float32Array, labels: Int32Array): { loss: number; correct: number; gradient: Float32Array; logits: Float32Array } {
    const gradient = new Float32Array(this.weight.length);
    const logits = new Float32Array(labels.length * CLASSES);
    let [loss, correct] = [0, 0];
    labels.forEach((label, row) => {
      const x = inputs.subarray(row * FEATURES, (row + 1) * FEATURES);
      for (let c = 0; c < CLASSES; c++) {
        let sum = 0;
        for (let f = 0; f < FEATURES; f++) sum += x[f]! * this.weight[c * FEATURES + f]!;
        logits[row * CLASSES + c] = sum;
        const error = sum - Number(label === c);
        loss += (error * error) / labels.length;
        for (let f = 0; f < FEATURES; f++) gradient[c * FEATURES + f] = gradient[c * FEATURES + f]! + (2 * error * x[f]!) / labels.length;
      }
      const own = logits.subarray(row * CLASSES, (row + 1) * CLASSES);
      if (own.indexOf(Math.max(...own)) === label) correct++;
    });
    return { loss, correct, gradient, logits };
  }
}
