import type { IntegerTensor, IntegerValue, Operation, Pair, Requantization } from '../../integer/integer-graph.js';
import type { ExactForm } from '../scales/exact.js';
import type { Q15Form } from '../scales/linear-q15.js';

export type ChosenForm = { readonly form: 'copy' } | Q15Form | ExactForm;

/** Collects the values, tensors and operations of an IntegerGraph and keeps their names unique. */
export class GraphWriter {
  readonly values: IntegerValue[] = [];
  readonly tensors = new Map<string, IntegerTensor>();
  readonly operations: Operation[] = [];
  readonly #valueNames = new Set<string>();
  readonly #operationNames = new Set<string>();

  /** Adds a value and returns its number. `range` as stored, zero point included. */
  value(name: string, { dtype, shape, scale, zeroPoint, range }: Omit<IntegerValue, 'name'>): number {
    this.values.push({ name: unique(this.#valueNames, name), dtype, shape: [...shape], scale, zeroPoint, range: [range[0], range[1]] });
    return this.values.length - 1;
  }

  operationName(name: string): string {
    return unique(this.#operationNames, name);
  }

  tensor(name: string, dtype: IntegerTensor['dtype'], shape: readonly number[], data: Int8Array | Int32Array): string {
    this.tensors.set(name, { dtype, shape: [...shape], data });
    return name;
  }

  /** The Requantization of a chosen form; its multipliers become the tensor `name`. */
  requantization(name: string, chosen: ChosenForm): Requantization {
    if (chosen.form === 'copy') return { form: 'copy' };
    const multiplier = this.tensor(name, 'i32', [chosen.multipliers.length], chosen.multipliers);
    if (chosen.form === 'q15') return { form: 'q15', shift: chosen.shift, multiplier };
    return { form: 'exact', left: chosen.left, shift: chosen.shift, multiplier };
  }
}

function unique(names: Set<string>, wanted: string): string {
  let name = wanted;
  for (let i = 1; names.has(name); i++) name = `${wanted}.${i}`;
  names.add(name);
  return name;
}
