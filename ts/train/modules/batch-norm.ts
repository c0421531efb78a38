import type { Value } from '../tape/node.js';
import { checkOptionNames } from '../option-names.js';
import { batchNorm } from '../tape/ops/batch-norm.js';
import { checkSize } from '../tape/window.js';
import { filled } from './initial.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

export interface BatchNormOptions {
  /** How much of each batch enters the running statistics (PyTorch's meaning): 0.1 if not given. */
  readonly momentum?: number;
  /** 1e−5 if not given. */
  readonly epsilon?: number;
}

/** Batch norm per channel, of pictures [N, H, W, channels] and of features [N, channels] alike. Throws ERR_ARGUMENT. */
export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  /** [2][channels]: running mean and running unbiased variance. */
  readonly running: Parameter;
  readonly momentum: number;
  readonly epsilon: number;

  constructor(channels: number, options: BatchNormOptions = {}) {
    super();
    checkOptionNames(options, ['momentum', 'epsilon'] satisfies (keyof BatchNormOptions)[], 'BatchNorm2d');
    const { momentum = 0.1, epsilon = 1e-5 } = options;
    checkSize(channels, 1, 'BatchNorm2d', 'channels');
    this.weight = new Parameter([channels], { group: 'weights', initial: filled([channels], 1) });
    this.bias = new Parameter([channels], { group: 'weights', initial: filled([channels], 0) });
    this.running = new Parameter([2, channels], { group: 'none', initial: () => new Float32Array(2 * channels).fill(1, channels) });
    this.momentum = momentum;
    this.epsilon = epsilon;
  }

  override forward(x: Value): Value {
    return batchNorm(x, { gamma: this.weight, beta: this.bias, running: this.running, momentum: this.momentum, epsilon: this.epsilon });
  }
}
