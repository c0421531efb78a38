/**
 * The Tape: nodes in execution order, as the operations of ./ops record them while a model's `forward` runs. See node.ts for what a node holds
 * and trace.ts for how a model gets onto a tape.
 */
import { DyadicError } from '../../errors.js';
import { elementCount, showShape } from '../../graph/shape.js';
import type { Parameter } from '../modules/parameter.js';
import type { TapeNode, Value } from './node.js';

type WithoutName<Node> = Node extends unknown ? Omit<Node, 'name' | 'output'> : never;
/** A node before the tape has named it and numbered what it makes. */
export type NodeDraft = WithoutName<Exclude<TapeNode, { op: 'input' }>>;

/** What a tape knows of the model that it records: where its modules hang, and which parameters are its own. */
export interface ModelIndex {
  /** Dotted paths; the model itself is ''. */
  readonly modules: ReadonlyMap<object, string>;
  /** By dotted name, in the order of the fields. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Modules that hold further modules: their own operations are named after themselves and the operation. */
  readonly composites: ReadonlySet<object>;
}

/** Operations know their tape by their input, so that `forward` need not pass it on. */
const tapes = new WeakMap<Value, Tape>();

const MAX_DIM = 2 ** 24;
const MAX_ELEMENTS = 2 ** 31;

export class Tape {
  readonly nodes: TapeNode[] = [];
  readonly input: Value;
  /** The model's parameters by name. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly #index: ModelIndex;
  readonly #known: ReadonlySet<Parameter>;
  readonly #stack: object[] = [];
  readonly #names = new Set<string>();
  /** Per value: whether every element is certainly ≥ 0. */
  readonly #nonNegative: boolean[] = [];
  #output: Value | undefined;

  /** @param shape of the input: [batch, height, width, channels] or [batch, features]. Throws ERR_SHAPE. */
  constructor(shape: readonly number[], index: ModelIndex) {
    this.#index = index;
    this.parameters = index.parameters;
    this.#known = new Set(index.parameters.values());
    if (shape.length !== 4 && shape.length !== 2) {
      throw new DyadicError('ERR_SHAPE', { op: 'tape', argument: 'shape', expected: '[batch, height, width, channels] or [batch, features]', received: showShape(shape) });
    }
    checkSizes('tape', 'shape', shape);
    this.input = this.#makeValue(shape, false);
    this.nodes.push({ op: 'input', name: this.#uniqueName('input'), inputs: [], output: this.input });
  }

  /** What the model returned. */
  get output(): Value {
    if (this.#output === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'tape', argument: 'output', expected: 'a forward pass that has ended', received: 'a tape that still records' });
    return this.#output;
  }

  /** Ends the recording. */
  finish(output: Value): void {
    this.#output = output;
  }

  /** Every value by its index. */
  get valueCount(): number {
    return this.#nonNegative.length;
  }

  /** Whether every element of `value` is certainly ≥ 0: it comes from a clamp, and through what keeps the sign. */
  isNonNegative(value: Value): boolean {
    return this.#nonNegative[value.index] === true;
  }

  /** `conv2d "layer1.0.conv1"`: how errors name the operation that is being recorded. */
  label(op: string): string {
    return `${op} "${this.#nodeName(op)}"`;
  }

  /** Appends a node that makes a value of `shape`. Throws ERR_SHAPE for sizes that are no sizes. */
  record(draft: NodeDraft, shape: readonly number[]): Value {
    const op = this.label(draft.op);
    checkSizes(op, 'output', shape);
    for (const input of draft.inputs) this.checkOwn(input, op, 'inputs');
    const output = this.#makeValue(shape, keepsNonNegative(draft, this));
    this.nodes.push({ ...draft, name: this.#uniqueName(this.#nodeName(draft.op)), output } as TapeNode);
    return output;
  }

  /** Throws ERR_ARGUMENT unless `parameter` is one of the model's. */
  checkParameter(parameter: Parameter, op: string, argument: string): void {
    if (this.#known.has(parameter)) return;
    throw new DyadicError('ERR_ARGUMENT', {
      op,
      argument,
      expected: "a Parameter in a public field of one of the model's modules (or in an array or Map there)",
      received: `one of shape ${showShape(parameter.shape)} that the model does not hold, such as one made inside forward`,
    });
  }

  /** Throws ERR_ARGUMENT for a value of another tape. */
  checkOwn(value: Value, op: string, argument: string): void {
    if (tapes.get(value) !== this) throw new DyadicError('ERR_ARGUMENT', { op, argument, expected: 'values of one tape', received: 'a value that another forward pass made' });
  }

  /** Runs `body`, the forward of `module`, with the module's path in names and errors. Throws ERR_ARGUMENT for a module out of sight, or if no Value comes back. */
  within(module: object, body: () => Value): Value {
    const path = this.#index.modules.get(module);
    const op = `${module.constructor.name} "${path ?? '?'}"`;
    if (path === undefined) {
      throw new DyadicError('ERR_ARGUMENT', {
        op: `${module.constructor.name} used by "${this.#path()}"`,
        argument: 'module',
        expected: 'one in a public field of a module (or in an array or Map there), so that its parameters are found',
        received: 'one that the model does not hold, such as one in a closure, a #private field or made inside forward',
      });
    }
    if (this.#stack.includes(module)) throw new DyadicError('ERR_ARGUMENT', { op, argument: 'forward', expected: 'a forward that ends', received: 'one that calls itself' });
    this.#stack.push(module);
    try {
      const output = body();
      if (tapes.get(output as Value) !== this) {
        throw new DyadicError('ERR_ARGUMENT', { op, argument: 'forward', expected: 'the Value that it returns to come from this forward pass', received: describeValue(output) });
      }
      return output;
    } finally {
      this.#stack.pop();
    }
  }

  #path(): string {
    const module = this.#stack.at(-1);
    return module === undefined ? '' : (this.#index.modules.get(module) ?? '');
  }

  /** A layer's only node has the name of its layer; what a composite records itself, its path and the operation. */
  #nodeName(op: string): string {
    const module = this.#stack.at(-1);
    const path = this.#path();
    if (path === '') return op;
    return module !== undefined && this.#index.composites.has(module) ? `${path}.${op}` : path;
  }

  /** The second use of a module is `conv1:2`. */
  #uniqueName(name: string): string {
    let unique = name;
    for (let count = 2; this.#names.has(unique); count++) unique = `${name}:${count}`;
    this.#names.add(unique);
    return unique;
  }

  #makeValue(shape: readonly number[], isNonNegative: boolean): Value {
    const value: Value = Object.freeze({ index: this.#nonNegative.length, shape: Object.freeze([...shape]), node: this.nodes.length });
    this.#nonNegative.push(isNonNegative);
    tapes.set(value, this);
    return value;
  }
}

/** The tape that `value` is on. Throws ERR_ARGUMENT for what is no Value. */
export function tapeOf(value: Value, op: string, argument: string): Tape {
  const tape = typeof value === 'object' && value !== null ? tapes.get(value) : undefined;
  if (tape === undefined) throw new DyadicError('ERR_ARGUMENT', { op, argument, expected: 'a Value of a forward pass', received: describeValue(value) });
  return tape;
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `${typeof value} ${String(value)}`;
  return tapes.has(value as Value) ? 'a Value of another forward pass' : `an object of class ${value.constructor?.name ?? 'null'}`;
}

function keepsNonNegative(draft: NodeDraft, tape: Tape): boolean {
  switch (draft.op) {
    case 'clamp': return draft.lo >= 0 || tape.isNonNegative(draft.inputs[0]!);
    case 'add':
    case 'max_pool':
    case 'average_pool':
    case 'flatten':
    case 'option_a_shortcut': return draft.inputs.every((input) => tape.isNonNegative(input));
    case 'conv2d':
    case 'linear':
    case 'batch_norm': return false;
  }
}

function checkSizes(op: string, argument: string, shape: readonly number[]): void {
  if (shape.every((size) => Number.isInteger(size) && size >= 1 && size <= MAX_DIM) && elementCount(shape) < MAX_ELEMENTS) return;
  throw new DyadicError('ERR_SHAPE', { op, argument, expected: 'integers from 1 to 2^24 and fewer than 2^31 elements', received: showShape(shape) });
}
