import { DyadicError } from '../../errors.js';
import { RandomStream, type Seed } from '../random/random-stream.js';
import type { Parameter } from './parameter.js';

/**
 * The first values of a parameter: drawn from the stream of the seed and its name, so that other parameters do not change them (SPEC 7.6).
 * Throws ERR_ARGUMENT if a user's `initial` gives another number of values, or some that are no numbers.
 */
export function initialValues(name: string, parameter: Parameter, seed: Seed): Float32Array {
  const stream = new RandomStream(seed, name);
  const values = parameter.initial(() => stream.uniform());
  if (!(values instanceof Float32Array) || values.length !== parameter.count) {
    throw new DyadicError('ERR_ARGUMENT', { op: `parameter "${name}"`, argument: 'initial', expected: `a Float32Array of ${parameter.count}`, received: `${(values as Float32Array | undefined)?.length ?? typeof values} values` });
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DyadicError('ERR_NAN', { op: `parameter "${name}"`, argument: 'initial', expected: 'finite values', received: `${values[wrong]} at ${wrong}` });
  return values;
}
