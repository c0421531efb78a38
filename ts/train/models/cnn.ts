import { BatchNorm2d } from '../modules/batch-norm.js';
import { Conv2d } from '../modules/conv2d.js';
import { Linear } from '../modules/linear.js';
import { Module } from '../modules/module.js';
import { checkFlag } from '../option-names.js';
import type { LayerBits, Value } from '../tape/node.js';
import { relu } from '../tape/ops/clamp.js';
import { flatten } from '../tape/ops/flatten.js';
import { readPair } from '../tape/window.js';
import { type ModelOptions, readModelOptions } from './model-options.js';

export interface CnnOptions extends ModelOptions {
  /** Height and width of the pictures: 28×28 if not given. */
  readonly size?: readonly [number, number];
  /** Channels of the two convolutions: 16 and 32 if not given. */
  readonly widths?: readonly [number, number];
  /** Batch norm after each convolution (its bias is then left out): true if not given. */
  readonly batchNorm?: boolean;
}

/** conv 3×3, conv 3×3 of stride 2, linear; ReLU between. The second convolution is quantized. */
export class Cnn extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d | null;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d | null;
  readonly linear: Linear;

  constructor(channels: number, widths: readonly [number, number], size: readonly [number, number], classes: number, batchNorm: boolean, bits: LayerBits | null) {
    super();
    const [first, second] = widths;
    this.conv1 = new Conv2d({ in: channels, out: first, kernel: 3, padding: 1, bias: !batchNorm });
    this.bn1 = batchNorm ? new BatchNorm2d(first) : null;
    this.conv2 = new Conv2d({ in: first, out: second, kernel: 3, stride: 2, padding: 1, bias: !batchNorm, bits });
    this.bn2 = batchNorm ? new BatchNorm2d(second) : null;
    this.linear = new Linear({ in: Math.ceil(size[0] / 2) * Math.ceil(size[1] / 2) * second, out: classes });
  }

  override forward(x: Value): Value {
    const first = this.conv1.forward(x);
    const hidden = relu(this.bn1 === null ? first : this.bn1.forward(first));
    const second = this.conv2.forward(hidden);
    const features = relu(this.bn2 === null ? second : this.bn2.forward(second));
    return this.linear.forward(flatten(features));
  }
}

/** The small network for pictures like Fashion-MNIST's. With `batchNorm: false` it is the one that is measured against tfjs (docs of bench/train.mjs). Throws ERR_ARGUMENT. */
export function cnn(options: CnnOptions): Cnn {
  const { classes, channels, bits } = readModelOptions({ ...options, channels: options?.channels ?? 1 }, 'cnn', ['size', 'widths', 'batchNorm'] satisfies (keyof CnnOptions)[]);
  const { size = [28, 28], widths = [16, 32], batchNorm = true } = options;
  readPair(size, 'cnn', 'size');
  readPair(widths, 'cnn', 'widths');
  return new Cnn(channels, widths, size, classes, checkFlag(batchNorm, 'cnn', 'batchNorm'), bits);
}
