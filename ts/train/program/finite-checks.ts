/** Counts of what is no number: of every value of the forward pass when a loss is none, and of the parameters' gradients in every step. */
import { at, type StepBuffer } from '../../session/assembler.js';
import type { ProgramMemory } from '../../session/program-memory.js';
import type { Engine } from '../../wasm/engine.js';
import type { Value } from '../tape/node.js';
import type { ParameterGradient } from './gradients.js';
import { elements, F32_CONTAINER, type TrainContext } from './lower/context.js';
import type { ParameterSlot } from './model-state.js';
import { runStretch, type Stretch } from './schedule.js';

/** Finds the first layer whose values are no numbers, while the forward pass runs once more. */
export class ValueChecks {
  /** By the number of segments that must have run before it. */
  readonly #checks: { readonly name: string; readonly after: number; readonly stretch: Stretch; readonly output: StepBuffer }[] = [];

  /** Places a check of a value that the steps so far have made. Sums of integers are always numbers. */
  add(context: TrainContext, name: string, value: Value): void {
    const source = context.source(value);
    if (source.container !== F32_CONTAINER) return;
    const output = context.assembler.weights(`how much of ${name} is no number`, 4);
    const stretch = context.schedule.onRequest(() =>
      context.assembler.step('count_non_finite', { inputOffset: at(source.buffer), outputOffset: at(output), count: elements(value) }),
    );
    this.#checks.push({ name, after: context.schedule.segments.length, stretch, output });
  }

  /** Those that may run after `segments` segments; gives the name of the first value with something that is no number. */
  run(engine: Engine, memory: ProgramMemory, segments: number): string | undefined {
    return this.#checks.find(({ after, stretch, output }) => {
      if (after !== segments) return false;
      runStretch(memory, stretch);
      return engine.i32(output.address, 1)[0] !== 0;
    })?.name;
  }
}

/** One count per parameter. */
export class GradientChecks {
  readonly #slots: readonly ParameterSlot[];
  readonly #counts: StepBuffer;

  constructor({ assembler }: TrainContext, gradients: readonly (readonly [ParameterSlot, ParameterGradient])[]) {
    this.#slots = gradients.map(([slot]) => slot);
    this.#counts = assembler.weights('how many gradients are no numbers', 4 * gradients.length);
    gradients.forEach(([, { at: inputOffset, count }], index) => assembler.step('count_non_finite', { inputOffset, outputOffset: at(this.#counts, 4 * index), count }));
  }

  /** The first parameter whose gradient is no number somewhere. */
  find(engine: Engine): string | undefined {
    const counts = engine.i32(this.#counts.address, this.#slots.length);
    return this.#slots.find((_, index) => counts[index] !== 0)?.name;
  }
}
