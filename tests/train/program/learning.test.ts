/** That steps learn: samples by heart, gradients as the loss changes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { interval } from '../../../ts/train/gradient/interval.js';
import { Bench, FLAVOURS, wholeRange } from '../oracle/step.js';
import { Everything, INT4, adam, samples, sgd } from './networks.js';

const FASTEST = FLAVOURS.at(-1)!;

for (const [name, bits, policy] of [['f32', null, wholeRange], ['4/4/4', INT4, interval({ alpha: 1e-3 })]] as const) {
  test(`32 samples by heart, ${name}`, async () => {
    const bench = await Bench.create(FASTEST, new Everything(bits), [32, 8, 8, 3], { policy, optimizer: 'adam' });
    const batch = samples(32);
    const first = bench.step({ ...batch, step: 0, weights: adam(0, 0.01), intervals: adam(0, 1e-3) });
    let last = first;
    for (let step = 1; step < 120; step++) last = bench.step({ ...batch, step, weights: adam(step, 0.01), intervals: adam(step, 1e-3) });
    assert.ok(first.loss > 1 && first.correct < 20, `${first.correct} right, loss ${first.loss} at first`);
    assert.ok(last.loss < 0.1 && last.correct === 32, `${last.correct} right, loss ${last.loss} at last`);
    bench.dispose();
  });
}

test('gradients of the f32 network are differences of its loss', async () => {
  const bench = await Bench.create(FASTEST, new Everything(null), [8, 8, 8, 3]);
  const batch = samples(8, 9);
  const still = sgd(0, 0);
  const lossAt = (): number => bench.step({ ...batch, step: 0, weights: still, intervals: still }).loss;
  lossAt();
  const gradients = new Map(bench.gradients);
  let checked = 0;
  for (const [name, gradient] of gradients) {
    // Along its own gradient: so many elements move a little that clamps and maxima that change sides do not matter.
    const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    if (norm < 0.003) continue;
    const original = bench.read(name);
    const lossMoved = (by: number): number => {
      bench.set(new Map([[name, original.map((value, index) => value + (by * gradient[index]!) / norm)]]));
      return lossAt();
    };
    const distance = 0.003;
    const slope = (lossMoved(distance) - lossMoved(-distance)) / (2 * distance);
    bench.set(new Map([[name, original]]));
    assert.ok(Math.abs(slope - norm) < 0.03 * norm + 0.0005, `${name}: |gradient| ${norm}, slope ${slope}`);
    checked++;
  }
  assert.ok(checked >= 15, `${checked} of ${gradients.size} parameters have a gradient to speak of`);
  bench.dispose();
});

test.run();
