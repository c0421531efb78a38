/** Learning rates and optimizers' numbers: against closed forms and PyTorch's. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ErrorCode } from '../../../ts/errors.js';
import { integerPower } from '../../../ts/train/optimizer/integer-power.js';
import { adam, hyperOf, sgd } from '../../../ts/train/optimizer/optimizer.js';
import { cosineOfHalfTurns } from '../../../ts/train/schedule/cosine-of.js';
import { constant, cosine, multiStep, scheduleFactor, stepSchedule, warmUp, type Schedule } from '../../../ts/train/schedule/schedule.js';
import { refused } from '../refusal.js';

const schedules = suite('schedules');
const CODE: ErrorCode = 'ERR_ARGUMENT';
const near = (actual: number, expected: number, tolerance = 1e-15): void => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
const factors = (schedule: Schedule, steps: readonly number[], stepsPerEpoch: number): number[] => steps.map((step) => scheduleFactor(schedule, step, stepsPerEpoch));

schedules('our cosine is within 1e-15 of the host’s, and exact where that matters', () => {
  for (let i = 0; i <= 10_000; i++) near(cosineOfHalfTurns(i / 10_000), Math.cos((Math.PI * i) / 10_000), 1e-15);
  assert.equal([0, 0.5, 1].map(cosineOfHalfTurns).map((value) => value + 0), [1, 0, -1]);
});

schedules('integer powers', () => {
  assert.equal([0, 1, 2, 10, 31].map((n) => integerPower(2, n)), [1, 2, 4, 1024, 2 ** 31]);
  for (const n of [1, 7, 100, 12_345]) near(integerPower(0.999, n) / Math.pow(0.999, n), 1, 1e-12);
});

schedules('constant, step and multi-step change at the first step of an epoch', () => {
  assert.equal(factors(constant(), [0, 99], 10), [1, 1]);
  assert.equal(factors(stepSchedule({ every: 2, factor: 0.5 }), [0, 19, 20, 39, 40, 60], 10), [1, 1, 0.5, 0.5, 0.25, 0.125]);
  assert.equal(factors(multiStep({ at: [80, 120], factor: 0.5 }), [0, 80 * 390 - 1, 80 * 390, 120 * 390 - 1, 120 * 390], 390), [1, 1, 0.5, 0.5, 0.25]);
  assert.equal(factors(stepSchedule({ every: 0.5, factor: 0.5 }), [0, 4, 5, 10], 10), [1, 1, 0.5, 0.25]);
});

schedules('cosine goes from 1 to its end and stays there', () => {
  const schedule = cosine({ epochs: 4, final: 0.1 });
  for (const step of [0, 1, 7, 20, 39]) near(scheduleFactor(schedule, step, 10), 0.1 + 0.9 * 0.5 * (1 + Math.cos((Math.PI * step) / 40)), 1e-15);
  assert.equal(factors(schedule, [40, 41, 1000], 10), [0.1, 0.1, 0.1]);
});

schedules('warm-up scales what follows', () => {
  const schedule = warmUp({ epochs: 2, from: 0.2, then: stepSchedule({ every: 1, factor: 0.5 }) });
  const expected = [0, 9, 10, 18].map((step) => (step < 10 ? 1 : 0.5) * (0.2 + (0.8 * (step + 1)) / 20));
  factors(schedule, [0, 9, 10, 18], 10).forEach((factor, i) => near(factor, expected[i]!));
  assert.equal(factors(schedule, [19, 20, 30], 10), [0.5, 0.25, 0.125]);
});

schedules('sgd gives the kernel its eight numbers; only the first update is the first', () => {
  const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.25, weightDecay: 1e-4 });
  assert.equal(hyperOf(optimizer, 0, 0.5), { kind: 'sgd', values: [0.05, 0.9, 0.25, 1e-4, 0, 1, 0, 0] });
  assert.equal(hyperOf(optimizer, 1, 0.5).values[5], 0);
  assert.is(hyperOf(sgd({ learningRate: 1, momentum: 0.9, nesterov: true }), 5, 1).values[4], 1);
});

schedules('adam corrects its bias by the number of updates', () => {
  const optimizer = adam({ learningRate: 1e-5 });
  for (const updates of [0, 1, 999]) {
    const { values } = hyperOf(optimizer, updates, 1);
    assert.equal(values.slice(0, 5), [1e-5, 0.9, 0.999, 1e-8, 0]);
    near(values[5]!, 1 - Math.pow(0.9, updates + 1), 1e-14);
    near(values[6]!, 1 - Math.pow(0.999, updates + 1), 1e-14);
  }
});

schedules('refuses numbers out of range, naming them', () => {
  refused(() => sgd({ learningRate: -1 }), CODE, /sgd: "learningRate" expected a number from 0 to 1000000, got -1/);
  refused(() => sgd({} as never), CODE, /sgd: "learningRate" expected a number from 0 to 1000000, got undefined/);
  refused(() => adam({} as never), CODE, /adam: "learningRate".*undefined/);
  refused(() => sgd({ learningRate: NaN }), CODE, /learningRate/);
  refused(() => sgd({ learningRate: 1, momentum: 1.5 }), CODE, /momentum/);
  refused(() => sgd({ learningRate: 1, nesterov: true }), CODE, /nesterov/);
  refused(() => sgd({ learningRate: 1, decay: 1 } as never), CODE, /"decay" expected one of learningRate/);
  refused(() => adam({ learningRate: 1, beta2: 1 }), CODE, /beta2/);
  refused(() => adam({ learningRate: 1, epsilon: 0 }), CODE, /epsilon/);
  refused(() => cosine({ epochs: 0 }), CODE, /epochs/);
  refused(() => stepSchedule({ every: 0 }), CODE, /every/);
  refused(() => multiStep({ at: [3, 2] }), CODE, /at\[1\]/);
  refused(() => warmUp({ epochs: 1, then: { kind: 'sawtooth' } as never }), CODE, /schedule/);
});

schedules.run();
