/** The float networks of scripts/training-oracle.py. */
import { BatchNorm2d } from '../../../ts/train/modules/batch-norm.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import type { Value } from '../../../ts/train/tape/node.js';
import { add } from '../../../ts/train/tape/ops/add.js';
import { relu, relu6 } from '../../../ts/train/tape/ops/clamp.js';
import { flatten } from '../../../ts/train/tape/ops/flatten.js';
import { optionAShortcut } from '../../../ts/train/tape/ops/option-a-shortcut.js';
import { averagePool, globalAveragePool, maxPool } from '../../../ts/train/tape/ops/pool.js';

const INT4 = { weight: 4, activation: 4, gradient: 4 } as const;

export class Small extends Module {
  readonly conv = new Conv2d({ in: 2, out: 4, kernel: 3, padding: 1, bias: false });
  readonly norm = new BatchNorm2d(4);
  readonly linear = new Linear({ in: 36, out: 3 });

  override forward(x: Value): Value {
    return this.linear.forward(flatten(maxPool(relu(this.norm.forward(this.conv.forward(x))), { kernel: 2 })));
  }
}

export class Wide extends Module {
  readonly first = new Conv2d({ in: 3, out: 4, kernel: 3, padding: 1 });
  readonly norm1 = new BatchNorm2d(4);
  readonly grouped = new Conv2d({ in: 4, out: 6, kernel: 3, stride: 2, padding: 1, groups: 2 });
  readonly depthwise = new Conv2d({ in: 6, out: 6, kernel: 3, padding: 2, dilation: 2, groups: 6 });
  readonly norm2 = new BatchNorm2d(6);
  readonly norm3 = new BatchNorm2d(6);
  readonly linear = new Linear({ in: 6, out: 5 });

  override forward(x: Value): Value {
    const stem = relu(this.norm1.forward(this.first.forward(x)));
    const body = this.norm2.forward(this.depthwise.forward(relu6(this.grouped.forward(stem))));
    const joined = relu(add(body, optionAShortcut(stem, { channels: 6, stride: 2 })));
    const pooled = globalAveragePool(averagePool(joined, { kernel: 3, stride: 2, padding: 1 }));
    return this.linear.forward(this.norm3.forward(flatten(pooled)));
  }
}

/** Two blocks of quantized convolutions at 4/4/4, one of them with shortcut A. */
export class Residual extends Module {
  readonly stem = new Conv2d({ in: 3, out: 16, kernel: 3, padding: 1, bias: false });
  readonly norm0 = new BatchNorm2d(16);
  readonly conv1 = new Conv2d({ in: 16, out: 16, kernel: 3, padding: 1, bias: false, bits: INT4 });
  readonly norm1 = new BatchNorm2d(16);
  readonly conv2 = new Conv2d({ in: 16, out: 16, kernel: 3, padding: 1, bias: false, bits: INT4 });
  readonly norm2 = new BatchNorm2d(16);
  readonly conv3 = new Conv2d({ in: 16, out: 24, kernel: 3, stride: 2, padding: 1, bias: false, bits: INT4 });
  readonly norm3 = new BatchNorm2d(24);
  readonly conv4 = new Conv2d({ in: 24, out: 24, kernel: 3, padding: 1, bias: false, bits: INT4 });
  readonly norm4 = new BatchNorm2d(24);
  readonly linear = new Linear({ in: 24, out: 4 });

  override forward(x: Value): Value {
    const stem = relu(this.norm0.forward(this.stem.forward(x)));
    const first = relu(add(this.norm2.forward(this.conv2.forward(relu(this.norm1.forward(this.conv1.forward(stem))))), stem));
    const second = this.norm4.forward(this.conv4.forward(relu(this.norm3.forward(this.conv3.forward(first)))));
    const joined = relu(add(second, optionAShortcut(first, { channels: 24, stride: 2 })));
    return this.linear.forward(flatten(globalAveragePool(joined)));
  }
}
