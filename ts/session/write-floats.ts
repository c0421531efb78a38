import { DyadicError } from '../errors.js';
import type { Engine } from '../wasm/engine.js';
import type { FloatInput } from './program.js';

/**
 * Copies the floats of input `name` into the arena. Throws ERR_NAN: they are looked at once they are there, since a loop of JavaScript takes as long as
 * a convolution.
 */
export function writeFloats(engine: Engine, address: number, name: string, { data, first = 0 }: FloatInput): void {
  engine.f32(address, data.length).set(data);
  if (engine.countNonFinite(address, data.length) === 0) return;
  const index = data.findIndex((x) => !Number.isFinite(x));
  throw new DyadicError('ERR_NAN', { op: 'run', argument: `${name}[${first + index}]`, expected: 'finite numbers', received: String(data[index]) });
}
