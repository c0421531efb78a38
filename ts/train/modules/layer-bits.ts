import { DyadicError } from '../../errors.js';
import type { LayerBits } from '../tape/node.js';
import type { LayerIntervals } from '../tape/ops/quantization.js';
import { filled } from './initial.js';
import { Parameter } from './parameter.js';

/** Throws ERR_ARGUMENT unless `bits` is null (f32) or three integers from 2 to 8. */
export function checkBits(bits: LayerBits | null, op: string): LayerBits | null {
  if (bits === null) return null;
  for (const name of ['weight', 'activation', 'gradient'] as const) {
    const value: unknown = (bits as Partial<LayerBits> | undefined)?.[name];
    if (Number.isInteger(value) && (value as number) >= 2 && (value as number) <= 8) continue;
    throw new DyadicError('ERR_ARGUMENT', { op, argument: `bits.${name}`, expected: 'an integer from 2 to 8 (or bits: null for f32)', received: String(value) });
  }
  return { weight: bits.weight, activation: bits.activation, gradient: bits.gradient };
}

/** A quantizer's state before its first batch: no interval yet (crates/quantizers/src/params.rs). */
export function intervalParameter(bits: LayerBits): Parameter {
  return new Parameter([4], { group: 'intervals', bits, initial: filled([4], 0) });
}

/** What a layer with `bits` tells the tape. */
export function layerIntervals(bits: LayerBits | null, weightInterval: Parameter | null, activationInterval: Parameter | null): LayerIntervals | null {
  return bits === null || weightInterval === null || activationInterval === null ? null : { bits, weightInterval, activationInterval };
}
