/** The same bits after several steps in every flavour and on every host (SPEC 7). */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Module } from '../../../ts/train/modules/module.js';
import type { StateSnapshot } from '../../../ts/train/program/training-program.js';
import { interval } from '../../../ts/train/gradient/interval.js';
import { Bench, FLAVOURS } from '../oracle/step.js';
import { Everything, INT4, samples, sgd } from './networks.js';

/** Everything that a checkpoint would hold. */
function hashOf({ tensors, gradients }: StateSnapshot): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.update(JSON.stringify([...gradients].sort())).digest('hex').slice(0, 16);
}

async function train(flavour: (typeof FLAVOURS)[number], model: Module, batch: number): Promise<string> {
  const bench = await Bench.create(flavour, model, [batch, 8, 8, 3], { policy: interval({ alpha: 1e-3 }) });
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    const { loss } = bench.step({ ...samples(batch, step + 1), step, weights: sgd(step, 0.05, 0.9, 1e-4), intervals: sgd(step, 1e-3) });
    losses.push(loss);
  }
  assert.ok(losses.every(Number.isFinite), losses.join(' '));
  const hash = hashOf(bench.state.snapshot());
  bench.dispose();
  return hash;
}

/** The hashes hold as long as SPEC 7 does: another order of one sum changes them. */
const EXPECTED: Readonly<Record<string, readonly [() => Module, number, string]>> = {
  '4/4/4': [() => new Everything(INT4), 6, 'bccf2fd3306503f8'],
  '8/8/8': [() => new Everything({ weight: 8, activation: 8, gradient: 8 }), 3, 'b23dea39036d245f'],
  '3/5/6': [() => new Everything({ weight: 3, activation: 5, gradient: 6 }), 5, 'd1e2aed22f4f7675'],
  f32: [() => new Everything(null), 6, '7e6c896cc3df731e'],
};

for (const flavour of FLAVOURS) {
  for (const [name, [make, batch, expected]] of Object.entries(EXPECTED)) {
    test(`five steps, ${name}, ${flavour}`, async () => assert.is(await train(flavour, make(), batch), expected));
  }
}

test.run();
