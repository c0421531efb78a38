import { DyadicError } from '../../../errors.js';
import type { Value } from '../node.js';
import { begin } from './input-shape.js';

/** Records min(max(x, lo), hi); lo < hi, either may be infinite. */
export function clamp(x: Value, lo: number, hi: number): Value {
  const { tape, label } = begin(x, 'clamp');
  if (!(lo < hi)) throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'lo', expected: 'lo < hi', received: `${lo} and ${hi}` });
  return tape.record({ op: 'clamp', inputs: [x], lo, hi }, x.shape);
}

/** max(x, 0) */
export function relu(x: Value): Value {
  return clamp(x, 0, Infinity);
}

/** min(max(x, 0), 6) */
export function relu6(x: Value): Value {
  return clamp(x, 0, 6);
}
