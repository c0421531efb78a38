import { DyadicError } from '../../../errors.js';
import { sameShape, showShape } from '../../../graph/shape.js';
import type { Parameter } from '../../modules/parameter.js';
import type { Value } from '../node.js';
import { type Tape, tapeOf } from '../tape.js';

/** The tape of `x` and how errors name what is recorded next. Throws ERR_ARGUMENT for what is no Value. */
export function begin(x: Value, op: string): { tape: Tape; label: string } {
  const tape = tapeOf(x, op, 'x');
  return { tape, label: tape.label(op) };
}

/** [batch, height, width, channels] of `x`. Throws ERR_SHAPE for another rank, or other channels than `channels`. */
export function pictureShape(x: Value, label: string, channels?: number): readonly [number, number, number, number] {
  if (x.shape.length !== 4 || (channels !== undefined && x.shape[3] !== channels)) {
    throw new DyadicError('ERR_SHAPE', { op: label, argument: 'x', expected: `[batch, height, width, ${channels ?? 'channels'}]`, received: showShape(x.shape) });
  }
  return x.shape as readonly number[] as readonly [number, number, number, number];
}

/** Throws ERR_ARGUMENT for a parameter that is not the model's, ERR_SHAPE for one of another shape. */
export function checkParameter(tape: Tape, parameter: Parameter, shape: readonly number[], label: string, argument: string): void {
  tape.checkParameter(parameter, label, argument);
  if (!sameShape(parameter.shape, shape)) throw new DyadicError('ERR_SHAPE', { op: label, argument, expected: showShape(shape), received: showShape(parameter.shape) });
}
