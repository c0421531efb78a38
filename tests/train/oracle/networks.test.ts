/** Steps of float networks against PyTorch's in double precision (scripts/training-oracle.py), in every flavour; evaluation with the running statistics after them. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Module } from '../../../ts/train/modules/module.js';
import type { GroupHyper } from '../../../ts/train/program/training-program.js';
import { Small, Wide } from './networks.js';
import { pseudoRandom } from './pseudo-random.js';
import { Bench, FLAVOURS } from './step.js';

type Optimizer =
  | { readonly kind: 'sgd'; readonly learningRate: number; readonly momentum: number; readonly weightDecay: number; readonly nesterov: boolean }
  | { readonly kind: 'adam'; readonly learningRate: number; readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly weightDecay: number };

interface Case {
  readonly name: string;
  readonly network: 'Small' | 'Wide';
  readonly shape: readonly [number, number, number, number];
  readonly optimizer: Optimizer;
  readonly labelSmoothing: number;
  readonly losses: readonly number[];
  /** By how many steps were made, by parameter. */
  readonly after: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly evaluation: readonly number[];
}

const CASES = JSON.parse(readFileSync(new URL('networks.json', import.meta.url), 'utf8')) as Case[];

/** As the oracle begins: about 1 for the scales of batch norm. */
function firstValues(model: Module): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const [name, { count, group }] of model.namedParameters()) {
    if (group !== 'weights') continue;
    const offset = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
    values.set(name, pseudoRandom(count, values.size + 1, 0.5).map((value) => value + offset));
  }
  return values;
}

function hyper(optimizer: Optimizer, step: number): GroupHyper {
  if (optimizer.kind === 'sgd') {
    const { learningRate, momentum, weightDecay, nesterov } = optimizer;
    return { kind: 'sgd', values: [learningRate, momentum, 0, weightDecay, nesterov ? 1 : 0, step === 0 ? 1 : 0, 0, 0] };
  }
  const { learningRate, beta1, beta2, epsilon, weightDecay } = optimizer;
  return { kind: 'adam', values: [learningRate, beta1, beta2, epsilon, weightDecay, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1), 0] };
}

/** f32 against f64 over five steps. */
function near(received: ArrayLike<number>, expected: readonly number[], what: string, tolerance = 1e-5): void {
  assert.is(received.length, expected.length, what);
  expected.forEach((value, index) => assert.ok(Math.abs(received[index]! - value) <= tolerance * (1 + Math.abs(value)), `${what}[${index}]: ${received[index]} where PyTorch has ${value}`));
}

for (const flavour of FLAVOURS) {
  for (const { name, network, shape, optimizer, labelSmoothing, losses, after, evaluation } of CASES) {
    test(`${name}, ${flavour}`, async () => {
      const model = network === 'Small' ? new Small() : new Wide();
      const bench = await Bench.create(flavour, model, shape, { optimizer: optimizer.kind, labelSmoothing });
      bench.set(firstValues(model));
      const inputs = pseudoRandom(shape.reduce((product, size) => product * size, 1), 100);
      const classes = bench.tape.output.shape[1]!;
      const labels = Int32Array.from({ length: shape[0] }, (_, index) => (index * 7 + 1) % classes);
      for (const [step, loss] of losses.entries()) {
        const group = hyper(optimizer, step);
        near([bench.step({ inputs, labels, step, weights: group, intervals: group }).loss], [loss], `loss of step ${step}`);
        for (const [parameter, values] of Object.entries(after[String(step + 1)] ?? {})) near(bench.read(parameter), values, `${parameter} after step ${step}`);
      }
      near(bench.evaluate(inputs, labels).logits, evaluation, 'logits with running statistics', 3e-5);
      bench.dispose();
    });
  }
}

test.run();
