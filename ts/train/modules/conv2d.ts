import { DyadicError } from '../../errors.js';
import type { LayerBits, Value, Window } from '../tape/node.js';
import { conv2d } from '../tape/ops/conv2d.js';
import { type Padding, type Pair, checkSize, readPads, readPair } from '../tape/window.js';
import { checkFlag, checkOptionNames } from '../option-names.js';
import { kaimingNormal, kaimingUniform } from './initial.js';
import { checkBits, intervalParameter, layerIntervals } from './layer-bits.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

export interface Conv2dOptions {
  /** Input channels. */
  readonly in: number;
  /** Output channels. */
  readonly out: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Padding;
  readonly dilation?: Pair;
  /** A divisor of both; `groups: in` is depthwise. */
  readonly groups?: number;
  /** true, if not given. */
  readonly bias?: boolean;
  /** null or not given: f32. Else integers of so many bits, 2 to 8 each (research: LBT, arXiv 2407.12637). */
  readonly bits?: LayerBits | null;
}

/** A convolution over pictures, [N, H, W, in] → [N, H', W', out]; weights begin by `kaiming_normal_`, fan in. Throws ERR_ARGUMENT. */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly weightInterval: Parameter | null;
  readonly activationInterval: Parameter | null;
  readonly bits: LayerBits | null;
  readonly stride: readonly [number, number];
  readonly pads: Window['pads'];
  readonly dilation: readonly [number, number];
  readonly groups: number;

  constructor(options: Conv2dOptions) {
    super();
    checkOptionNames(options, ['in', 'out', 'kernel', 'stride', 'padding', 'dilation', 'groups', 'bias', 'bits'] satisfies (keyof Conv2dOptions)[], 'Conv2d');
    const { in: inputs, out, kernel, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, bits = null } = options;
    checkSize(inputs, 1, 'Conv2d', 'in');
    checkSize(out, 1, 'Conv2d', 'out');
    checkSize(groups, 1, 'Conv2d', 'groups');
    checkFlag(bias, 'Conv2d', 'bias');
    if (inputs % groups !== 0 || out % groups !== 0) {
      throw new DyadicError('ERR_ARGUMENT', { op: 'Conv2d', argument: 'groups', expected: `a divisor of ${inputs} input and ${out} output channels`, received: String(groups) });
    }
    const [kernelH, kernelW] = readPair(kernel, 'Conv2d', 'kernel');
    this.stride = readPair(stride, 'Conv2d', 'stride');
    this.pads = readPads(padding, 'Conv2d');
    this.dilation = readPair(dilation, 'Conv2d', 'dilation');
    this.groups = groups;
    this.bits = checkBits(bits, 'Conv2d');
    const shape = [out, inputs / groups, kernelH, kernelW];
    const fanIn = (inputs / groups) * kernelH * kernelW;
    this.weight = new Parameter(shape, { group: 'weights', initial: kaimingNormal(shape, fanIn) });
    this.bias = bias ? new Parameter([out], { group: 'weights', initial: kaimingUniform([out], fanIn) }) : null;
    this.weightInterval = this.bits === null ? null : intervalParameter(this.bits);
    this.activationInterval = this.bits === null ? null : intervalParameter(this.bits);
  }

  override forward(x: Value): Value {
    const quantization = layerIntervals(this.bits, this.weightInterval, this.activationInterval);
    return conv2d(x, { weight: this.weight, bias: this.bias, stride: this.stride, padding: this.pads, dilation: this.dilation, groups: this.groups, quantization });
  }
}
