import { DyadicError } from '../../../errors.js';
import type { Parameter } from '../../modules/parameter.js';
import type { LayerBits, LayerQuantization, Value } from '../node.js';
import type { Tape } from '../tape.js';
import { checkParameter } from './input-shape.js';

/** Bits and learned intervals of a layer; whether its input is signed is found out while recording. */
export interface LayerIntervals {
  readonly bits: LayerBits;
  /** f32 [4], a quantizer state (crates/quantizers/src/params.rs) */
  readonly weightInterval: Parameter;
  readonly activationInterval: Parameter;
}

/** Of the input `x`: codes from 0 where it is certainly not negative, symmetric ones elsewhere. */
export function quantizationOf(tape: Tape, intervals: LayerIntervals | null, x: Value, label: string): LayerQuantization | null {
  if (intervals === null) return null;
  checkParameter(tape, intervals.weightInterval, [4], label, 'weightInterval');
  checkParameter(tape, intervals.activationInterval, [4], label, 'activationInterval');
  const isSigned = !tape.isNonNegative(x);
  for (const node of tape.nodes) {
    if ((node.op !== 'conv2d' && node.op !== 'linear') || node.quantization?.activationInterval !== intervals.activationInterval) continue;
    if (node.quantization.isSigned === isSigned) continue;
    // One interval means one step; codes from 0 and symmetric codes have different ones.
    throw new DyadicError('ERR_ARGUMENT', {
      op: label,
      argument: 'x',
      expected: `an input that ${isSigned ? 'is never negative' : 'can be negative'}, as in its other use: shared layers share their activation interval`,
      received: `one that ${isSigned ? 'can be negative' : 'is never negative'}`,
    });
  }
  return { ...intervals, isSigned };
}
