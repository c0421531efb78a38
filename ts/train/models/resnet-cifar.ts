import { BatchNorm2d } from '../modules/batch-norm.js';
import { OptionAShortcut } from '../modules/containers.js';
import { Conv2d } from '../modules/conv2d.js';
import { Linear } from '../modules/linear.js';
import { Module } from '../modules/module.js';
import type { LayerBits, Value } from '../tape/node.js';
import { add } from '../tape/ops/add.js';
import { relu } from '../tape/ops/clamp.js';
import { flatten } from '../tape/ops/flatten.js';
import { globalAveragePool } from '../tape/ops/pool.js';
import { type ModelOptions, checkWidth, readModelOptions } from './model-options.js';

export interface ResNetOptions extends ModelOptions {
  /** A factor on the 16, 32 and 64 channels: 1 if not given. */
  readonly width?: number;
}

/** Two quantized 3×3 convolutions and shortcut A. */
export class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  /** null: the input itself. */
  readonly shortcut: OptionAShortcut | null;

  constructor(inputs: number, channels: number, stride: number, bits: LayerBits | null) {
    super();
    this.conv1 = new Conv2d({ in: inputs, out: channels, kernel: 3, stride, padding: 1, bias: false, bits });
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = new Conv2d({ in: channels, out: channels, kernel: 3, padding: 1, bias: false, bits });
    this.bn2 = new BatchNorm2d(channels);
    this.shortcut = stride !== 1 || inputs !== channels ? new OptionAShortcut({ channels, stride }) : null;
  }

  override forward(x: Value): Value {
    const hidden = relu(this.bn1.forward(this.conv1.forward(x)));
    const body = this.bn2.forward(this.conv2.forward(hidden));
    return relu(add(body, this.shortcut === null ? x : this.shortcut.forward(x)));
  }
}

/** He et al.'s ResNets for CIFAR (CVPR 2016, §4.2) as LBT trains them: shortcut A, a batch norm between the average pool and the linear layer. */
export class ResNetCifar extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: readonly BasicBlock[];
  readonly layer2: readonly BasicBlock[];
  readonly layer3: readonly BasicBlock[];
  readonly bn2: BatchNorm2d;
  readonly linear: Linear;

  /** @param blocks per stage; the depth is 6·blocks + 2. */
  constructor(blocks: number, width: number, { classes, channels, bits }: Required<ModelOptions>) {
    super();
    const [first, second, third] = [16, 32, 64].map((size) => Math.max(1, Math.round(size * width))) as [number, number, number];
    const stage = (inputs: number, size: number, stride: number): BasicBlock[] =>
      Array.from({ length: blocks }, (_, index) => new BasicBlock(index === 0 ? inputs : size, size, index === 0 ? stride : 1, bits));
    this.conv1 = new Conv2d({ in: channels, out: first, kernel: 3, padding: 1, bias: false });
    this.bn1 = new BatchNorm2d(first);
    this.layer1 = stage(first, first, 1);
    this.layer2 = stage(first, second, 2);
    this.layer3 = stage(second, third, 2);
    this.bn2 = new BatchNorm2d(third);
    this.linear = new Linear({ in: third, out: classes });
  }

  override forward(x: Value): Value {
    let value = relu(this.bn1.forward(this.conv1.forward(x)));
    for (const block of [...this.layer1, ...this.layer2, ...this.layer3]) value = block.forward(value);
    return this.linear.forward(this.bn2.forward(flatten(globalAveragePool(value))));
  }
}

function resnet(blocks: number, options: ResNetOptions, op: string): ResNetCifar {
  const shared = readModelOptions(options, op, ['width']);
  return new ResNetCifar(blocks, checkWidth(options.width ?? 1, op), shared);
}

/** 20 layers, for pictures of about 32×32. Throws ERR_ARGUMENT. */
export function resnet20(options: ResNetOptions): ResNetCifar {
  return resnet(3, options, 'resnet20');
}

/** 56 layers, for pictures of about 32×32. Throws ERR_ARGUMENT. */
export function resnet56(options: ResNetOptions): ResNetCifar {
  return resnet(9, options, 'resnet56');
}
