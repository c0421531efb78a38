/**
 * Whole steps at 4/4/4 against PyTorch in double precision (scripts/training-oracle.py): LBT's released algorithm from its first iteration on - intervals from the first batch,
 * a step that only measures, the search of γ, then SGD for the weights and Adam for the intervals, with the noise of SPEC 7.4. The oracle's seed is one with which nothing is decided
 * within the precision of f32, so every code is the same and the numbers agree to rounding.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { interval } from '../../../ts/train/gradient/interval.js';
import { adam, hyperOf, sgd } from '../../../ts/train/optimizer/optimizer.js';
import { Residual } from './networks.js';
import { pseudoRandom } from './pseudo-random.js';
import { Bench, FLAVOURS } from './step.js';

interface Sampled {
  readonly stride: number;
  readonly values: readonly number[];
  readonly weighted: number;
  readonly largest: number;
}

interface Case {
  readonly seed: readonly [number, number];
  readonly alpha: number;
  readonly steps: readonly { readonly loss: number; readonly layers: readonly { readonly maximum: number; readonly gamma: number; readonly clippedFraction: number }[] }[];
  readonly after: Readonly<Record<string, Sampled>>;
}

const [CASE] = JSON.parse(readFileSync(new URL('quantized-network.json', import.meta.url), 'utf8')) as [Case];
const SHAPE = [4, 8, 8, 3];
const WEIGHTS = sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3 });
const INTERVALS = adam({ learningRate: 0.002 });

function near(received: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(received - expected) <= tolerance, `${what}: ${received} where PyTorch has ${expected}`);
}

function firstValues(model: Residual): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const [name, { count, group }] of model.namedParameters()) {
    if (group !== 'weights') continue;
    const offset = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
    values.set(name, pseudoRandom(count, values.size + 1, 0.5).map((value) => value + offset));
  }
  return values;
}

for (const flavour of FLAVOURS) {
  test(`four steps of a residual network, ${flavour}`, async () => {
    const model = new Residual();
    const bench = await Bench.create(flavour, model, SHAPE, { policy: interval({ alpha: CASE.alpha, start: 'paper' }), seed: CASE.seed, optimizer: { weights: 'sgd', intervals: 'adam' } });
    bench.set(firstValues(model));
    const inputs = pseudoRandom(SHAPE.reduce((product, size) => product * size, 1), 100);
    const labels = Int32Array.of(1, 0, 3, 2);
    let updates = 0;
    for (const [step, { loss, layers }] of CASE.steps.entries()) {
      const result = bench.step({ inputs, labels, step, weights: hyperOf(WEIGHTS, updates, 1), intervals: hyperOf(INTERVALS, updates, 1) });
      near(result.loss, loss, 1e-5, `loss of step ${step}`);
      assert.is(result.hasUpdated, step > 0, 'the first step only measures');
      updates += Number(result.hasUpdated);
      for (const [index, { maximum, gamma, clippedFraction }] of layers.entries()) {
        const layer = result.layers.find(({ layer: name }) => name === `conv${index + 1}`)!;
        const what = `step ${step}, ${layer.layer}`;
        near(layer.maximum, maximum, 2e-5 * maximum, `max|G| of ${what}`);
        near(layer.clip / layer.maximum, gamma, 1e-6, `γ of ${what}`);
        near(layer.clippedFraction, clippedFraction, 1e-6, `clipped fraction of ${what}`);
      }
    }
    assert.ok(CASE.steps.at(-1)!.layers.every(({ gamma, clippedFraction }) => gamma < 1 && clippedFraction > 0), 'something is clipped');
    for (const [name, { stride, values, weighted, largest }] of Object.entries(CASE.after)) {
      // Of a quantizer's state the interval is learned.
      const received = name.endsWith('Interval') ? bench.read(name).subarray(0, 1) : bench.read(name);
      const tolerance = 2e-5 * (largest + 0.01);
      values.forEach((value, index) => near(received[stride * index]!, value, tolerance, `${name}[${stride * index}]`));
      const weights = pseudoRandom(received.length, 999);
      near(received.reduce((sum, value, index) => sum + value * weights[index]!, 0), weighted, tolerance * Math.sqrt(received.length), `${name}, all`);
    }
    bench.dispose();
  });
}

test.run();
