import type { LayerBits, Value } from '../tape/node.js';
import { checkFlag, checkOptionNames } from '../option-names.js';
import { linear } from '../tape/ops/linear.js';
import { checkSize } from '../tape/window.js';
import { kaimingUniform } from './initial.js';
import { checkBits, intervalParameter, layerIntervals } from './layer-bits.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

export interface LinearOptions {
  /** Input features. */
  readonly in: number;
  /** Output features. */
  readonly out: number;
  /** true, if not given. */
  readonly bias?: boolean;
  /** null or not given: f32. Else integers of so many bits, 2 to 8 each. */
  readonly bits?: LayerBits | null;
}

/** x · weightᵀ + bias, [N, in] → [N, out]; weights and bias begin as in PyTorch. Throws ERR_ARGUMENT. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly weightInterval: Parameter | null;
  readonly activationInterval: Parameter | null;
  readonly bits: LayerBits | null;

  constructor(options: LinearOptions) {
    super();
    checkOptionNames(options, ['in', 'out', 'bias', 'bits'] satisfies (keyof LinearOptions)[], 'Linear');
    const { in: inputs, out, bias = true, bits = null } = options;
    checkSize(inputs, 1, 'Linear', 'in');
    checkSize(out, 1, 'Linear', 'out');
    checkFlag(bias, 'Linear', 'bias');
    this.bits = checkBits(bits, 'Linear');
    this.weight = new Parameter([out, inputs], { group: 'weights', initial: kaimingUniform([out, inputs], inputs) });
    this.bias = bias ? new Parameter([out], { group: 'weights', initial: kaimingUniform([out], inputs) }) : null;
    this.weightInterval = this.bits === null ? null : intervalParameter(this.bits);
    this.activationInterval = this.bits === null ? null : intervalParameter(this.bits);
  }

  override forward(x: Value): Value {
    return linear(x, { weight: this.weight, bias: this.bias, quantization: layerIntervals(this.bits, this.weightInterval, this.activationInterval) });
  }
}
