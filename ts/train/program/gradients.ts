/** Gradients while the backward pass is written down: of values, and of parameters. What several consumers give is added in the order of the backward pass. */
import { at, floatBits, type Assembler, type Ref, type StepBuffer } from '../../session/assembler.js';
import type { Parameter } from '../modules/parameter.js';
import type { Value } from '../tape/node.js';

/** f32 [count] of a parameter's first elements. */
export interface ParameterGradient {
  readonly at: Ref;
  readonly count: number;
}

export class Gradients {
  readonly #assembler: Assembler;
  /** Values that some parameter has a part in. */
  readonly #wanted: ReadonlySet<number>;
  readonly #values = new Map<number, StepBuffer>();
  /** Values of clamps whose gradient counts only what lay inside the bounds. */
  readonly #masked = new Set<number>();
  readonly #parameters = new Map<Parameter, ParameterGradient>();

  constructor(assembler: Assembler, wanted: ReadonlySet<number>) {
    this.#assembler = assembler;
    this.#wanted = wanted;
  }

  /** Whether anything before the value learns. */
  isWanted(value: Value): boolean {
    return this.#wanted.has(value.index);
  }

  /** The sum of what consumers have given so far. */
  of(value: Value): StepBuffer | undefined {
    return this.#values.get(value.index);
  }

  /** A consumer's part. The buffer is never written again, so one may be given to several values. */
  add(value: Value, part: StepBuffer): void {
    if (!this.isWanted(value)) return;
    const before = this.of(value);
    this.#values.set(value.index, before === undefined ? part : this.#sum(at(before), at(part), part.bytes / 4));
  }

  /** A consumer's part that already holds what {@link of} gave. */
  replace(value: Value, total: StepBuffer): void {
    this.#values.set(value.index, total);
  }

  /** {@link replace} by the last consumer, which left out what lay on the bounds of the clamp that made the value. */
  replaceMasked(value: Value, total: StepBuffer): void {
    this.replace(value, total);
    this.#masked.add(value.index);
  }

  /** Whether the gradient of a clamp's result is already that of what went into the clamp. */
  isMasked(value: Value): boolean {
    return this.#masked.has(value.index);
  }

  /** What one use of a parameter gives; modules that are used several times share theirs. */
  addParameter(parameter: Parameter, part: Ref, count: number): void {
    const before = this.#parameters.get(parameter);
    this.#parameters.set(parameter, { at: before === undefined ? part : at(this.#sum(before.at, part, count)), count });
  }

  get parameters(): ReadonlyMap<Parameter, ParameterGradient> {
    return this.#parameters;
  }

  #sum(before: Ref, part: Ref, count: number): StepBuffer {
    const total = this.#assembler.activation(`${part.buffer.label}, summed`, 4 * count);
    this.#assembler.step('add_elements', { aOffset: before, bOffset: part, outputOffset: at(total), count, loBits: floatBits(-Infinity), hiBits: floatBits(Infinity) });
    return total;
  }
}
