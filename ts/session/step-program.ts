/** The one step loop of both kinds of Program, and the one observer hook. */
import { DyadicError } from '../errors.js';
import type { StepRange } from './assembler.js';
import type { ProgramMemory } from './program-memory.js';
import type { ObservedValue, Observer, Program, ProgramInput, ProgramStep } from './program.js';

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A graph input: how it gets into the arena. */
export interface InputPort extends NamedShape {
  /** Refuses an input of the wrong kind or length; touches nothing. */
  check(input: ProgramInput): void;
  /** Writes the input into the arena and names the steps that turn it into the value. */
  write(input: ProgramInput): readonly StepRange[];
  readonly value: ObservedValue;
}

/** One operation: its steps and the values that it makes. */
export interface OperationSteps extends ProgramStep {
  readonly ranges: readonly StepRange[];
  readonly values: readonly ObservedValue[];
}

/** A graph output: the steps that make floats of it, and the floats. */
export interface OutputPort extends NamedShape {
  readonly ranges: readonly StepRange[];
  read(): Float32Array;
}

export interface ProgramParts {
  readonly kind: Program['kind'];
  readonly inputs: readonly InputPort[];
  readonly operations: readonly OperationSteps[];
  readonly outputs: readonly OutputPort[];
  readonly memory: ProgramMemory;
}

export class StepProgram implements Program {
  readonly kind: Program['kind'];
  readonly inputs: readonly NamedShape[];
  readonly outputs: readonly NamedShape[];
  readonly steps: readonly ProgramStep[];
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly #parts: ProgramParts;
  #disposed = false;
  /** Counts runs: a stepwise run that another one overtook finds its activations gone. */
  #run = 0;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.kind = parts.kind;
    this.inputs = parts.inputs.map(({ name, shape }) => ({ name, shape }));
    this.outputs = parts.outputs.map(({ name, shape }) => ({ name, shape }));
    this.steps = parts.operations.map(({ name, op, kernels, dot, weightBytes }) => ({ name, op, kernels, dot, weightBytes }));
    this.weightBytes = parts.memory.weightBytes;
    this.activationBytes = parts.memory.activationBytes;
  }

  run(inputs: ReadonlyMap<string, ProgramInput>, observer?: Observer): Map<string, Float32Array> {
    const steps = this.stepwise(inputs, observer);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  *stepwise(inputs: ReadonlyMap<string, ProgramInput>, observer?: Observer): Generator<number, Map<string, Float32Array>, void> {
    this.#assertUsable();
    this.#check(inputs);
    const run = ++this.#run;
    const { memory, operations, outputs } = this.#parts;
    for (const port of this.#parts.inputs) {
      memory.run(port.write(inputs.get(port.name) as ProgramInput));
      observer?.(port.value);
    }
    for (let done = 0; done < operations.length; done++) {
      const { ranges, values } = operations[done] as OperationSteps;
      memory.run(ranges);
      if (observer !== undefined) values.forEach(observer);
      yield done + 1;
      this.#assertCurrent(run);
    }
    const results = new Map<string, Float32Array>();
    for (const port of outputs) {
      memory.run(port.ranges);
      results.set(port.name, port.read());
    }
    return results;
  }

  poison(byte: number): void {
    this.#assertUsable();
    this.#parts.memory.poison(byte);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#parts.memory.free();
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DyadicError('ERR_DISPOSED', { op: 'run', argument: 'program', expected: 'a program in use', received: 'a disposed one' });
  }

  #assertCurrent(run: number): void {
    this.#assertUsable();
    if (run !== this.#run) {
      throw new DyadicError('ERR_BUSY', { op: 'run', argument: 'program', expected: 'one run at a time', received: 'another run between two steps' });
    }
  }

  #check(inputs: ReadonlyMap<string, ProgramInput>): void {
    const ports = this.#parts.inputs;
    for (const name of inputs.keys()) {
      if (!ports.some((port) => port.name === name)) {
        throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: name, expected: `one of ${ports.map((port) => `"${port.name}"`).join(', ')}`, received: 'no input of the network' });
      }
    }
    for (const port of ports) {
      const input = inputs.get(port.name);
      if (input === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: port.name, expected: `an input of shape [${port.shape.join(', ')}]`, received: 'nothing' });
      port.check(input);
    }
  }
}

/** The error for an input with the wrong number of elements. */
export function lengthError(name: string, expected: number, shape: readonly number[], received: number): DyadicError {
  return new DyadicError('ERR_SHAPE', { op: 'run', argument: name, expected: `${expected} elements, [${shape.join(', ')}]`, received: `${received} elements` });
}

/** The error for a kind of input that a port does not take. */
export function kindError(name: string, expected: string, received: string): DyadicError {
  return new DyadicError('ERR_DTYPE', { op: 'run', argument: name, expected, received });
}
