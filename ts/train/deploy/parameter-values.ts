import { DyadicError } from '../../errors.js';
import type { Parameter } from '../modules/parameter.js';
import type { StateSnapshot } from '../program/training-program.js';
import type { Tape } from '../tape/tape.js';

const SMALLEST_INTERVAL = Math.fround(1e-8);

/** A model's parameters with the numbers of one snapshot. */
export class ParameterValues {
  readonly #names: ReadonlyMap<Parameter, string>;
  readonly #known: ReadonlySet<string>;
  readonly #tensors: StateSnapshot['tensors'];

  constructor(tape: Tape, snapshot: StateSnapshot) {
    this.#names = new Map([...tape.parameters].map(([name, parameter]) => [parameter, name]));
    this.#known = new Set(tape.parameters.keys());
    this.#tensors = snapshot.tensors;
  }

  /** Whether a parameter has this name. */
  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Its dotted name, as in the snapshot. */
  nameOf(parameter: Parameter): string {
    const name = this.#names.get(parameter);
    if (name === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'toGraph', argument: 'tape', expected: 'parameters of its own model', received: `one of shape [${parameter.shape.join(', ')}] without a name` });
    return name;
  }

  /** Throws ERR_ARGUMENT where the snapshot has no such parameter or one of another size, ERR_NAN where it holds what is no finite number. */
  of(parameter: Parameter): Float32Array {
    const name = this.nameOf(parameter);
    const data = this.#tensors.get(name)?.data;
    if (data?.length !== parameter.count) {
      throw new DyadicError('ERR_ARGUMENT', { op: 'toGraph', argument: `snapshot "${name}"`, expected: `${parameter.count} numbers`, received: data === undefined ? 'none' : String(data.length) });
    }
    const wrong = data.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new DyadicError('ERR_NAN', { op: 'toGraph', argument: `snapshot "${name}"`, expected: 'finite numbers', received: `${data[wrong]} at ${wrong}` });
    return data;
  }

  /** The learned interval of a quantizer as it counts (SPEC 7.3), > 0. Throws ERR_ARGUMENT for one that no step has initialised. */
  interval(parameter: Parameter): number {
    const [interval = 0, , initialised] = this.of(parameter);
    if (initialised === 1) return Math.max(Math.abs(interval), SMALLEST_INTERVAL);
    throw new DyadicError('ERR_ARGUMENT', { op: 'toGraph', argument: `snapshot "${this.nameOf(parameter)}"`, expected: 'an interval that training has found: train at least one step', received: String(interval) });
  }
}
