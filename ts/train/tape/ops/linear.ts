import { DyadicError } from '../../../errors.js';
import { showShape } from '../../../graph/shape.js';
import type { Parameter } from '../../modules/parameter.js';
import type { Value } from '../node.js';
import { begin, checkParameter } from './input-shape.js';
import { type LayerIntervals, quantizationOf } from './quantization.js';

export interface LinearArguments {
  /** [out][in] */
  readonly weight: Parameter;
  /** [out] */
  readonly bias?: Parameter | null;
  readonly quantization?: LayerIntervals | null;
}

/** Records x · weightᵀ + bias: x [N, in] → [N, out]. */
export function linear(x: Value, { weight, bias = null, quantization = null }: LinearArguments): Value {
  const { tape, label } = begin(x, 'linear');
  if (weight.shape.length !== 2) throw new DyadicError('ERR_SHAPE', { op: label, argument: 'weight', expected: '[out, in]', received: showShape(weight.shape) });
  const [outputs, features] = weight.shape as [number, number];
  if (x.shape.length !== 2 || x.shape[1] !== features) {
    const advice = x.shape.length === 4 ? ' (flatten comes before linear)' : '';
    throw new DyadicError('ERR_SHAPE', { op: label, argument: 'x', expected: `[batch, ${features}]${advice}`, received: showShape(x.shape) });
  }
  checkParameter(tape, weight, weight.shape, label, 'weight');
  if (bias !== null) checkParameter(tape, bias, [outputs], label, 'bias');
  return tape.record({ op: 'linear', inputs: [x], weight, bias, quantization: quantizationOf(tape, quantization, x, label) }, [x.shape[0]!, outputs]);
}
