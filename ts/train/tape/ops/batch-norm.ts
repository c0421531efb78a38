import { DyadicError } from '../../../errors.js';
import type { Parameter } from '../../modules/parameter.js';
import type { Value } from '../node.js';
import { begin, checkParameter } from './input-shape.js';

export interface BatchNormArguments {
  /** [channels] */
  readonly gamma: Parameter;
  readonly beta: Parameter;
  /** [2][channels]: mean, unbiased variance */
  readonly running: Parameter;
  /** How much of a batch enters the running statistics, PyTorch's meaning; in (0, 1]. */
  readonly momentum?: number;
  readonly epsilon?: number;
}

/** Records batch norm over the last axis; the shape stays. */
export function batchNorm(x: Value, { gamma, beta, running, momentum = 0.1, epsilon = 1e-5 }: BatchNormArguments): Value {
  const { tape, label } = begin(x, 'batch_norm');
  const channels = x.shape.at(-1)!;
  checkParameter(tape, gamma, [channels], label, 'gamma');
  checkParameter(tape, beta, [channels], label, 'beta');
  checkParameter(tape, running, [2, channels], label, 'running');
  if (!(momentum > 0 && momentum <= 1)) throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'momentum', expected: 'a number in (0, 1]', received: String(momentum) });
  if (!(epsilon > 0 && epsilon < Infinity)) throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'epsilon', expected: 'a finite number > 0', received: String(epsilon) });
  return tape.record({ op: 'batch_norm', inputs: [x], gamma, beta, running, momentum, epsilon }, x.shape);
}
