/** Small networks that have every kind of layer, and data for them. */
import { BatchNorm2d } from '../../../ts/train/modules/batch-norm.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import type { GroupHyper, StepInput } from '../../../ts/train/program/training-program.js';
import type { LayerBits, Value } from '../../../ts/train/tape/node.js';
import { add } from '../../../ts/train/tape/ops/add.js';
import { relu, relu6 } from '../../../ts/train/tape/ops/clamp.js';
import { flatten } from '../../../ts/train/tape/ops/flatten.js';
import { optionAShortcut } from '../../../ts/train/tape/ops/option-a-shortcut.js';
import { averagePool, globalAveragePool, maxPool } from '../../../ts/train/tape/ops/pool.js';
import { pseudoRandom } from '../oracle/pseudo-random.js';

export const INT4: LayerBits = { weight: 4, activation: 4, gradient: 4 };

/** A quantized layer of every algorithm, two that read one value, shortcuts of both kinds, every pool. `bits` null: the same in f32. */
export class Everything extends Module {
  readonly stem = new Conv2d({ in: 3, out: 16, kernel: 3, padding: 1, bias: false });
  readonly stemNorm = new BatchNorm2d(16);
  readonly conv1: Conv2d;
  readonly norm1 = new BatchNorm2d(16);
  readonly conv2: Conv2d;
  readonly norm2 = new BatchNorm2d(16);
  readonly down: Conv2d;
  readonly downNorm = new BatchNorm2d(24);
  readonly projection: Conv2d;
  readonly projectionNorm = new BatchNorm2d(24);
  readonly depthwise: Conv2d;
  readonly depthwiseNorm = new BatchNorm2d(24);
  readonly grouped: Conv2d;
  readonly pointwise: Conv2d;
  readonly hidden: Linear;
  readonly linear = new Linear({ in: 20, out: 4 });

  constructor(bits: LayerBits | null) {
    super();
    this.conv1 = new Conv2d({ in: 16, out: 16, kernel: 3, padding: 1, bias: false, bits });
    this.conv2 = new Conv2d({ in: 16, out: 16, kernel: 3, padding: 1, bias: false, bits });
    this.down = new Conv2d({ in: 16, out: 24, kernel: 3, stride: 2, padding: 1, bias: false, bits });
    this.projection = new Conv2d({ in: 16, out: 24, kernel: 1, stride: 2, bias: false, bits });
    this.depthwise = new Conv2d({ in: 24, out: 24, kernel: 3, padding: 1, groups: 24, bias: false, bits });
    this.grouped = new Conv2d({ in: 24, out: 12, kernel: 3, padding: 1, groups: 3, bits });
    this.pointwise = new Conv2d({ in: 12, out: 18, kernel: 1, bits });
    this.hidden = new Linear({ in: 18, out: 20, bits });
  }

  override forward(x: Value): Value {
    const stem = relu(this.stemNorm.forward(this.stem.forward(x)));
    const first = this.norm2.forward(this.conv2.forward(relu(this.norm1.forward(this.conv1.forward(stem)))));
    const block = relu(add(first, optionAShortcut(stem, { channels: 16, stride: 1 })));
    const pooled = maxPool(block, { kernel: 3, stride: 1, padding: 1 });
    const down = relu(add(this.downNorm.forward(this.down.forward(pooled)), this.projectionNorm.forward(this.projection.forward(pooled))));
    const deep = relu6(this.depthwiseNorm.forward(this.depthwise.forward(down)));
    const joined = add(relu(this.grouped.forward(averagePool(deep, { kernel: 2, stride: 1, padding: 0 }))), relu(this.grouped.forward(averagePool(down, { kernel: 2, stride: 1, padding: 0 }))));
    const features = flatten(globalAveragePool(relu(this.pointwise.forward(joined))));
    return this.linear.forward(relu(this.hidden.forward(features)));
  }
}

/** [batch][8][8][3] */
export function samples(batch: number, seed = 5): Pick<StepInput, 'inputs' | 'labels'> {
  return { inputs: pseudoRandom(batch * 8 * 8 * 3, seed), labels: Int32Array.from({ length: batch }, (_, index) => (index * 5 + (index >> 2)) % 4) };
}

export function sgd(step: number, learningRate: number, momentum = 0.9, weightDecay = 0): GroupHyper {
  return { kind: 'sgd', values: [learningRate, momentum, 0, weightDecay, 0, step === 0 ? 1 : 0, 0, 0] };
}

export function adam(step: number, learningRate: number): GroupHyper {
  return { kind: 'adam', values: [learningRate, 0.9, 0.999, 1e-8, 0, 1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1), 0] };
}
