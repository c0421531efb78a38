import { DyadicError } from '../../../errors.js';
import { sameShape, showShape } from '../../../graph/shape.js';
import { type Value } from '../node.js';
import { tapeOf } from '../tape.js';
import { begin } from './input-shape.js';

/** Records a + b, element by element; the shapes are equal. */
export function add(a: Value, b: Value): Value {
  const { tape, label } = begin(a, 'add');
  tapeOf(b, label, 'b');
  if (!sameShape(a.shape, b.shape)) throw new DyadicError('ERR_SHAPE', { op: label, argument: 'b', expected: showShape(a.shape), received: showShape(b.shape) });
  return tape.record({ op: 'add', inputs: [a, b] }, a.shape);
}
