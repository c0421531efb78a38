import { BatchNorm2d } from '../modules/batch-norm.js';
import { Conv2d } from '../modules/conv2d.js';
import { Linear } from '../modules/linear.js';
import { Module } from '../modules/module.js';
import { DyadicError } from '../../errors.js';
import type { LayerBits, Value } from '../tape/node.js';
import { add } from '../tape/ops/add.js';
import { relu6 } from '../tape/ops/clamp.js';
import { flatten } from '../tape/ops/flatten.js';
import { globalAveragePool } from '../tape/ops/pool.js';
import { type ModelOptions, checkWidth, readModelOptions } from './model-options.js';

export interface MobileNetV2Options extends ModelOptions {
  /** A factor on the channels: 1 if not given. */
  readonly width?: number;
  /** `imagenet` (not given): five strides of 2, for 224×224; `cifar`: the first two are 1, for 32×32. */
  readonly resolution?: 'cifar' | 'imagenet';
}

/** Table 2 of Sandler et al. (CVPR 2018): expansion, channels, repeats, stride of the first. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
const FIRST = 32;
const LAST = 1280;

/** Convolution, batch norm and, unless it is a linear bottleneck, ReLU6. */
class ConvBn extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;
  readonly isLinear: boolean;

  constructor(inputs: number, out: number, { kernel = 1, stride = 1, groups = 1, isLinear = false, bits = null as LayerBits | null }) {
    super();
    this.conv = new Conv2d({ in: inputs, out, kernel, stride, padding: (kernel - 1) / 2, groups, bias: false, bits });
    this.bn = new BatchNorm2d(out);
    this.isLinear = isLinear;
  }

  override forward(x: Value): Value {
    const value = this.bn.forward(this.conv.forward(x));
    return this.isLinear ? value : relu6(value);
  }
}

/** 1×1 to more channels, depthwise 3×3, 1×1 to few without activation; so what follows it gets signed inputs. */
export class InvertedResidual extends Module {
  readonly expand: ConvBn | null;
  readonly depthwise: ConvBn;
  readonly project: ConvBn;
  readonly isResidual: boolean;

  constructor(inputs: number, out: number, expansion: number, stride: number, bits: LayerBits | null) {
    super();
    const hidden = inputs * expansion;
    this.expand = expansion === 1 ? null : new ConvBn(inputs, hidden, { bits });
    this.depthwise = new ConvBn(hidden, hidden, { kernel: 3, stride, groups: hidden, bits });
    this.project = new ConvBn(hidden, out, { isLinear: true, bits });
    this.isResidual = stride === 1 && inputs === out;
  }

  override forward(x: Value): Value {
    const wide = this.expand === null ? x : this.expand.forward(x);
    const value = this.project.forward(this.depthwise.forward(wide));
    return this.isResidual ? add(value, x) : value;
  }
}

/** MobileNetV2 (Sandler et al., CVPR 2018); the first convolution and the linear layer are f32. */
export class MobileNetV2 extends Module {
  readonly first: ConvBn;
  readonly blocks: readonly InvertedResidual[];
  readonly last: ConvBn;
  readonly linear: Linear;

  constructor(width: number, resolution: 'cifar' | 'imagenet', { classes, channels, bits }: Required<ModelOptions>) {
    super();
    const blocks: InvertedResidual[] = [];
    let inputs = scaled(FIRST, width);
    this.first = new ConvBn(channels, inputs, { kernel: 3, stride: resolution === 'cifar' ? 1 : 2 });
    for (const [index, [expansion, size, repeats, stride]] of STAGES.entries()) {
      const out = scaled(size, width);
      for (let repeat = 0; repeat < repeats; repeat++) {
        const isKept = repeat > 0 || (resolution === 'cifar' && index === 1);
        blocks.push(new InvertedResidual(inputs, out, expansion, isKept ? 1 : stride, bits));
        inputs = out;
      }
    }
    this.blocks = blocks;
    const features = scaled(LAST, Math.max(1, width));
    this.last = new ConvBn(inputs, features, { bits });
    this.linear = new Linear({ in: features, out: classes });
  }

  override forward(x: Value): Value {
    const value = this.blocks.reduce((hidden, block) => block.forward(hidden), this.first.forward(x));
    return this.linear.forward(flatten(globalAveragePool(this.last.forward(value))));
  }
}

/** To a multiple of 8, and never below nine tenths: as the published networks do. */
function scaled(channels: number, width: number): number {
  const wanted = channels * width;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

/** Throws ERR_ARGUMENT. */
export function mobilenetV2(options: MobileNetV2Options): MobileNetV2 {
  const shared = readModelOptions(options, 'mobilenetV2', ['width', 'resolution'] satisfies (keyof MobileNetV2Options)[]);
  const { width = 1, resolution = 'imagenet' } = options;
  if (resolution !== 'cifar' && resolution !== 'imagenet') {
    throw new DyadicError('ERR_ARGUMENT', { op: 'mobilenetV2', argument: 'resolution', expected: "'cifar' or 'imagenet'", received: String(resolution) });
  }
  return new MobileNetV2(checkWidth(width, 'mobilenetV2'), resolution, shared);
}
