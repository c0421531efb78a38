import type { Value } from '../tape/node.js';
import { checkFlag, checkOptionNames } from '../option-names.js';
import { type PoolArguments, averagePool, globalAveragePool, maxPool } from '../tape/ops/pool.js';
import { readPads, readPair } from '../tape/window.js';
import { Module } from './module.js';

function checked<Options extends PoolArguments>(options: Options, op: string, own: readonly string[] = []): Options {
  checkOptionNames(options, ['kernel', 'stride', 'padding', ...own], op);
  readPair(options.kernel, op, 'kernel');
  if (options.stride !== undefined) readPair(options.stride, op, 'stride');
  if (options.padding !== undefined) readPads(options.padding, op);
  return options;
}

/** The maximum of each window; the stride is the kernel if not given. Throws ERR_ARGUMENT. */
export class MaxPool2d extends Module {
  readonly options: PoolArguments;

  constructor(options: PoolArguments) {
    super();
    this.options = checked(options, 'MaxPool2d');
  }

  override forward(x: Value): Value {
    return maxPool(x, this.options);
  }
}

/** The mean of each window; `countIncludePad` (true if not given): padding counts as zeros. Throws ERR_ARGUMENT. */
export class AvgPool2d extends Module {
  readonly options: PoolArguments & { readonly countIncludePad?: boolean };

  constructor(options: PoolArguments & { readonly countIncludePad?: boolean }) {
    super();
    this.options = checked(options, 'AvgPool2d', ['countIncludePad']);
    checkFlag(options.countIncludePad ?? true, 'AvgPool2d', 'countIncludePad');
  }

  override forward(x: Value): Value {
    return averagePool(x, this.options);
  }
}

/** The mean over height and width: [N, H, W, C] → [N, 1, 1, C]. */
export class GlobalAvgPool extends Module {
  override forward(x: Value): Value {
    return globalAveragePool(x);
  }
}
