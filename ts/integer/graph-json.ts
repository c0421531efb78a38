/** The JSON of SPEC 6.2 to 6.4: which keys there are, in which order, and of which kind. What the numbers mean is checked in validate.ts. */
import { DyadicError } from '../errors.js';
import type { IntegerGraph, IntegerTensor, IntegerValue, Operation, Preprocess, Requantization, TensorDtype } from './integer-graph.js';
import { compareNames } from './safetensors.js';

/** What the JSON says of a tensor; its codes lie in the container. */
export interface TensorEntry {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
}

/** The JSON without the codes of its tensors. */
export type GraphText = Omit<IntegerGraph, 'tensors'> & { readonly tensors: ReadonlyMap<string, TensorEntry> };

/** Reads one JSON value found `at` a place, or refuses it. */
type Reader<T> = (value: unknown, at: string) => T;
type Fields = Readonly<Record<string, Reader<unknown>>>;

export const DYAD_FORMAT = 'dyad';
export const DYAD_VERSION = 1;
export const DYAD_SPEC = '1';

export function invalid(op: string, argument: string, expected: string, received: unknown): DyadicError {
  return new DyadicError('ERR_DYAD_INVALID', { op, argument, expected, received: describe(received) });
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (Array.isArray(value)) return `[${value.slice(0, 8).map((item) => (typeof item === 'object' && item !== null ? '{…}' : String(item))).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

const refuse = (at: string, expected: string, received: unknown): DyadicError => invalid('.dyad', at, expected, received);

const text: Reader<string> = (value, at) => {
  // A lone surrogate has no UTF-8, so no other reader could hold this name.
  if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) throw refuse(at, 'a string of Unicode text', value);
  return value;
};
const integer: Reader<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw refuse(at, 'an integer', value);
  return value;
};
const f32: Reader<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.fround(value) !== value) throw refuse(at, 'a finite f32 number', value);
  return value;
};
const flag: Reader<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw refuse(at, 'true or false', value);
  return value;
};

function oneOf<T extends string | number>(...choices: readonly T[]): Reader<T> {
  return (value, at) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw refuse(at, choices.map((choice) => JSON.stringify(choice)).join(' or '), value);
    return found;
  };
}

function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (value, at) => (value === null ? null : reader(value, at));
}

function list<T>(reader: Reader<T>, length?: number): Reader<T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      throw refuse(at, length === undefined ? 'an array' : `an array of ${length}`, value);
    }
    return Array.from(value, (item: unknown, i) => reader(item, `${at}[${i}]`));
  };
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(at, 'an object', value);
  return value as Record<string, unknown>;
}

/** Exactly these keys. The result has them in the order of `fields`, so JSON.stringify writes the one text there is. */
function record(fields: Fields): Reader<Record<string, unknown>> {
  return (value, at) => {
    const object = objectOf(value, at);
    for (const key of Object.keys(object)) {
      if (!Object.hasOwn(fields, key)) throw refuse(at, `keys ${Object.keys(fields).join(', ')}`, key);
    }
    const result: Record<string, unknown> = {};
    for (const [key, reader] of Object.entries(fields)) {
      if (!Object.hasOwn(object, key)) throw refuse(at, `the key ${key}`, Object.keys(object));
      result[key] = reader(object[key], `${at}.${key}`);
    }
    return result;
  };
}

/** A record whose `tag` says which fields it has. */
function tagged(tag: string, kinds: ReadonlyMap<string, Fields>): Reader<Record<string, unknown>> {
  return (value, at) => {
    const kind = objectOf(value, at)[tag];
    const fields = typeof kind === 'string' ? kinds.get(kind) : undefined;
    if (fields === undefined) throw refuse(`${at}.${tag}`, [...kinds.keys()].join(', '), kind);
    return record({ [tag]: text, ...fields })(value, at);
  };
}

const integers = list(integer);
const pair = list(integer, 2);
const pads = list(integer, 4);

const requantization = tagged('form', new Map<string, Fields>([
  ['copy', {}],
  ['q15', { shift: integer, multiplier: text }],
  ['exact', { left: integer, shift: integer, multiplier: text }],
])) as Reader<unknown> as Reader<Requantization>;

const unary: Fields = { name: text, inputs: list(integer, 1), outputs: list(integer, 1) };

const operation = tagged('op', new Map<string, Fields>([
  ['conv2d', { ...unary, weight: text, bias: orNull(text), stride: pair, pads, dilation: pair, groups: integer, requantization, clamp: pair }],
  ['dense', { ...unary, weight: text, bias: orNull(text), requantization, clamp: pair }],
  ['add', {
    name: text, inputs: list(integer, 2), outputs: list(orNull(integer), 2), requantizations: list(requantization, 2), clamp: pair,
    codeRequantization: orNull(requantization), codeClamp: orNull(pair),
  }],
  ['max_pool', { ...unary, kernel: pair, stride: pair, pads, dilation: pair, outputSize: pair, clamp: pair }],
  ['average_pool', { ...unary, kernel: pair, stride: pair, pads, countIncludePad: flag, outputSize: pair, divisors: integers, requantization, clamp: pair }],
  ['requantize', { ...unary, requantization, clamp: pair }],
  ['concat', { name: text, inputs: integers, outputs: list(integer, 1), axis: integer, requantizations: list(requantization), clamp: pair }],
  ['slice', { ...unary, starts: integers, steps: integers }],
  ['pad', { ...unary, before: integers, after: integers, value: integer }],
  ['transpose', { ...unary, perm: integers }],
  ['reshape', unary],
])) as Reader<unknown> as Reader<Operation>;

const value = record({
  name: text, dtype: oneOf('u8', 'i8', 'u4', 'i16'), shape: integers, scale: f32, zeroPoint: integer, range: pair,
}) as Reader<unknown> as Reader<IntegerValue>;

const preprocess = record({
  size: pair, fit: oneOf('crop', 'stretch'), channels: oneOf('rgb', 'bgr', 'gray'), mean: list(f32), std: list(f32), labels: orNull(list(text)),
}) as Reader<unknown> as Reader<Preprocess>;

const tensor = record({ dtype: oneOf('i8', 'i4', 'i32'), shape: integers }) as Reader<unknown> as Reader<TensorEntry>;

const tensors: Reader<ReadonlyMap<string, TensorEntry>> = (json, at) => {
  const entries = Object.entries(objectOf(json, at)).sort(([a], [b]) => compareNames(a, b));
  return new Map(entries.map(([name, entry]) => [text(name, at), tensor(entry, `${at}.${name}`)]));
};

const graph = record({
  format: oneOf(DYAD_FORMAT), version: oneOf(DYAD_VERSION), spec: oneOf(DYAD_SPEC), name: text,
  values: list(value),
  inputs: list(record({ name: text, value: integer, preprocess: orNull(preprocess) })),
  outputs: list(record({ name: text, value: integer, softmax: orNull(integer) })),
  tensors,
  operations: list(operation),
}) as Reader<unknown> as Reader<GraphText & { format: string; version: number; spec: string }>;

/** The `dyad` text of a file. Throws ERR_DYAD_PARSE, ERR_DYAD_VERSION or ERR_DYAD_INVALID. */
export function parseGraphText(json: string): GraphText {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new DyadicError('ERR_DYAD_PARSE', { op: 'decodeDyad', argument: '__metadata__.dyad', expected: 'JSON', received: cause instanceof Error ? cause.message : String(cause), cause });
  }
  checkVersion(parsed);
  const { format: _format, version: _version, spec: _spec, ...rest } = graph(parsed, 'graph');
  // As for the container: equal keys twice, other spaces or other spellings of a number are not the one text of this network.
  if (writeGraphText(rest) !== json) {
    throw new DyadicError('ERR_DYAD_PARSE', { op: 'decodeDyad', argument: '__metadata__.dyad', expected: 'JSON without spaces, each key once and in the order of SPEC 6.2', received: 'another way of writing it' });
  }
  return rest;
}

/** A later version may differ in everything but these two keys, so they come first. */
function checkVersion(parsed: unknown): void {
  const { format, version } = objectOf(parsed, 'graph');
  if (format !== DYAD_FORMAT) throw new DyadicError('ERR_DYAD_PARSE', { op: 'decodeDyad', argument: 'format', expected: `"${DYAD_FORMAT}"`, received: describe(format) });
  if (typeof version === 'number' && version > DYAD_VERSION) {
    throw new DyadicError('ERR_DYAD_VERSION', { op: 'decodeDyad', argument: 'version', expected: `${DYAD_VERSION} or less: update dyadic to read this file`, received: `${version}` });
  }
}

/** The one JSON text of a graph. */
export function writeGraphText({ name, values, inputs, outputs, tensors: entries, operations }: GraphText): string {
  const head = JSON.stringify({ format: DYAD_FORMAT, version: DYAD_VERSION, spec: DYAD_SPEC, name, values, inputs, outputs });
  // By hand: an object would move names that look like numbers.
  const sorted = [...entries].sort(([a], [b]) => compareNames(a, b));
  const tensorText = sorted.map(([key, entry]) => `${JSON.stringify(key)}:${JSON.stringify(entry)}`).join(',');
  return `${head.slice(0, -1)},"tensors":{${tensorText}},"operations":${JSON.stringify(operations)}}`;
}

/** Checks keys and kinds of a graph made in memory and puts its keys in order. Throws ERR_DYAD_INVALID. */
export function normalizeGraph(source: IntegerGraph): GraphText {
  const plain = objectOf(source, 'graph') as unknown as IntegerGraph;
  if (!(plain.tensors instanceof Map)) throw refuse('graph.tensors', 'a Map', plain.tensors);
  const entries = new Map<string, TensorEntry>();
  for (const [name, given] of plain.tensors as ReadonlyMap<string, IntegerTensor>) {
    const { dtype, shape } = objectOf(given, `graph.tensors.${text(name, 'graph.tensors')}`);
    entries.set(name, tensor({ dtype, shape }, `graph.tensors.${name}`));
  }
  const { name, values, inputs, outputs, operations } = plain;
  const checked = graph({ format: DYAD_FORMAT, version: DYAD_VERSION, spec: DYAD_SPEC, name, values, inputs, outputs, tensors: {}, operations }, 'graph');
  return { name, values: checked.values, inputs: checked.inputs, outputs: checked.outputs, tensors: entries, operations: checked.operations };
}
