/** A quantized layer's bias where a batch norm follows: it moves the mean and nothing else, so the exact sums alone are not the layer's output. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BatchNorm2d } from '../../../ts/train/modules/batch-norm.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import type { Value } from '../../../ts/train/tape/node.js';
import { relu } from '../../../ts/train/tape/ops/clamp.js';
import { flatten } from '../../../ts/train/tape/ops/flatten.js';
import { globalAveragePool } from '../../../ts/train/tape/ops/pool.js';
import { Bench, FLAVOURS } from '../oracle/step.js';
import { INT4, samples, sgd } from './networks.js';

class Biased extends Module {
  readonly conv = new Conv2d({ in: 3, out: 4, kernel: 3, padding: 1, bits: INT4 });
  readonly norm = new BatchNorm2d(4);
  readonly linear = new Linear({ in: 4, out: 4 });

  override forward(x: Value): Value {
    return this.linear.forward(flatten(globalAveragePool(relu(this.norm.forward(this.conv.forward(x))))));
  }
}

test('the running mean has the bias in it', async () => {
  for (const flavour of FLAVOURS) {
    const means = [];
    for (const bias of [[0, 0, 0, 0], [1, -2, 3, 0.5]]) {
      const bench = await Bench.create(flavour, new Biased(), [2, 8, 8, 3]);
      bench.set(new Map([['conv.bias', bias]]));
      const hyper = sgd(0, 0);
      bench.step({ ...samples(2), step: 0, weights: hyper, intervals: hyper });
      means.push(bench.read('norm.running').subarray(0, 4));
      assert.ok(bench.gradients.get('conv.bias')!.every((g) => Math.abs(g) < 1e-6), 'batch norm takes the mean away');
      bench.dispose();
    }
    const [without, biased] = means as [Float32Array, Float32Array];
    [0.1, -0.2, 0.3, 0.05].forEach((moved, channel) => assert.ok(Math.abs(biased[channel]! - without[channel]! - moved) < 1e-6, `${flavour}, channel ${channel}`));
  }
});

test.run();
