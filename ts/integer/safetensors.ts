/** The container of SPEC 6.1: safetensors, read strictly and written in one way only. */
import { DyadicError, type ErrorDetail } from '../errors.js';

/** What a file holds: how errors call it, and the bytes per element of the dtypes it may use. */
export interface SafetensorsKind {
  readonly name: string;
  readonly elementBytes: ReadonlyMap<string, number>;
}

const DYAD: SafetensorsKind = { name: 'a .dyad file', elementBytes: new Map([['I8', 1], ['U8', 1], ['I32', 4]]) };
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** `{`, with which the header of every .dyad file begins. */
const OPENING_BRACE = 0x7b;
const METADATA = '__metadata__';

export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  readonly metadata: ReadonlyMap<string, string>;
  /** `bytes` are views of the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Order of Unicode code points, which is that of UTF-8 bytes: what every language can sort by. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = codeUnitRank(a.charCodeAt(i)) - codeUnitRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other code unit. */
function codeUnitRank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Reads the header and cuts the data. Throws ERR_DYAD_PARSE; nothing is allocated by a count of the file. */
export function readSafetensors(file: Uint8Array, kind: SafetensorsKind = DYAD): SafetensorsFile {
  const headerLength = readHeaderLength(file, kind);
  const headerBytes = file.subarray(LENGTH_BYTES, LENGTH_BYTES + headerLength);
  const header = parseHeader(headerBytes);
  const data = file.subarray(LENGTH_BYTES + headerLength);
  const tensors = new Map<string, StoredTensor>();
  let metadata: ReadonlyMap<string, string> = new Map();
  const names = Object.keys(header).filter((name) => name !== METADATA).sort(compareNames);
  if (Object.hasOwn(header, METADATA)) metadata = readMetadata(header[METADATA]);
  let position = 0;
  for (const name of names) {
    const tensor = readEntry(name, header[name], data, position, kind);
    tensors.set(name, tensor);
    position += tensor.bytes.length;
  }
  if (position !== data.length) throw damaged({ argument: 'data_offsets', expected: `${position} bytes of data`, received: `${data.length}` });
  // JSON.parse keeps the last of two equal keys and forgets order and spaces: only the one way of writing is accepted.
  if (!sameBytes(headerBytes, headerText(metadata, tensors))) {
    throw damaged({ argument: 'header', expected: 'JSON without spaces, entries sorted by name, each key once, padded to a multiple of 8', received: 'another way of writing it' });
  }
  return { metadata, tensors };
}

/** Writes the file: the same entries give the same bytes. Tensor bytes must fit dtype and shape. */
export function writeSafetensors(metadata: ReadonlyMap<string, string>, tensors: ReadonlyMap<string, StoredTensor>): Uint8Array {
  const sorted = new Map([...tensors].sort(([a], [b]) => compareNames(a, b)));
  const header = headerText(metadata, sorted);
  let total = LENGTH_BYTES + header.length;
  for (const tensor of sorted.values()) total += tensor.bytes.length;
  const file = new Uint8Array(total);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, LENGTH_BYTES);
  let position = LENGTH_BYTES + header.length;
  for (const tensor of sorted.values()) {
    file.set(tensor.bytes, position);
    position += tensor.bytes.length;
  }
  return file;
}

function readHeaderLength(file: Uint8Array, kind: SafetensorsKind): number {
  if (file.length < LENGTH_BYTES) throw damaged({ argument: 'header length', expected: '8 bytes', received: `a file of ${file.length} bytes` });
  const view = new DataView(file.buffer, file.byteOffset, LENGTH_BYTES);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  const room = file.length - LENGTH_BYTES;
  if (length > room && file[LENGTH_BYTES] !== OPENING_BRACE) throw damaged({ argument: 'file', expected: kind.name, received: `one that begins with ${showBytes(file.subarray(0, LENGTH_BYTES))}` });
  if (length > MAX_HEADER_BYTES) throw damaged({ argument: 'header length', expected: `at most ${MAX_HEADER_BYTES}`, received: `${length}` });
  if (length > room) throw damaged({ argument: 'header length', expected: `at most the ${room} bytes that follow`, received: `${length}` });
  return length;
}

/** Shown as text where it is text: `<!DOCTYPE` says more than its codes. */
function showBytes(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return JSON.stringify(String.fromCharCode(...bytes));
  return `bytes ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    // slice(): a TextDecoder refuses shared memory.
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice()));
  } catch (cause) {
    throw damaged({ argument: 'header', expected: 'JSON in UTF-8', received: cause instanceof Error ? cause.message : String(cause), cause });
  }
  return objectOf(header, 'header');
}

function readMetadata(value: unknown): Map<string, string> {
  const metadata = new Map<string, string>();
  const entries = Object.entries(objectOf(value, METADATA)).sort(([a], [b]) => compareNames(a, b));
  for (const [key, text] of entries) {
    if (typeof text !== 'string') throw damaged({ argument: `${METADATA}.${key}`, expected: 'a string', received: kindOf(text) });
    metadata.set(key, text);
  }
  return metadata;
}

function readEntry(name: string, value: unknown, data: Uint8Array, position: number, { elementBytes: known }: SafetensorsKind): StoredTensor {
  const entry = objectOf(value, name);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (Object.keys(entry).length !== 3) throw damaged({ argument: name, expected: 'keys dtype, shape, data_offsets', received: Object.keys(entry).join(', ') });
  const elementBytes = typeof dtype === 'string' ? known.get(dtype) : undefined;
  if (typeof dtype !== 'string' || elementBytes === undefined) throw damaged({ argument: `${name}.dtype`, expected: [...known.keys()].join(', ').replace(/, ([^,]*)$/, ' or $1'), received: kindOf(dtype) });
  const sizes = naturals(shape, `${name}.shape`);
  const [begin, end, ...more] = naturals(offsets, `${name}.data_offsets`);
  if (begin === undefined || end === undefined || more.length > 0) throw damaged({ argument: `${name}.data_offsets`, expected: '[begin, end]', received: `${(offsets as unknown[]).length} numbers` });
  if (begin !== position) throw damaged({ argument: `${name}.data_offsets`, expected: `begin ${position}, where the entry before ends`, received: `${begin}` });
  let bytes = elementBytes;
  for (const size of sizes) bytes *= size;
  if (end - begin !== bytes) throw damaged({ argument: `${name}.data_offsets`, expected: `${bytes} bytes for ${dtype} [${sizes.join(', ')}]`, received: `${end - begin}` });
  if (end > data.length) throw damaged({ argument: `${name}.data_offsets`, expected: `an end within ${data.length} bytes of data`, received: `${end}` });
  return { dtype, shape: sizes, bytes: data.subarray(begin, end) };
}

/** `tensors` in order of their names. Keys are written by hand because an object would move names that look like numbers. */
function headerText(metadata: ReadonlyMap<string, string>, tensors: ReadonlyMap<string, StoredTensor>): Uint8Array {
  const entries: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(([a], [b]) => compareNames(a, b)).map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    entries.push(`"${METADATA}":{${pairs.join(',')}}`);
  }
  let position = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    entries.push(`${JSON.stringify(name)}:{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":[${position},${position + bytes.length}]}`);
    position += bytes.length;
  }
  const text = new TextEncoder().encode(`{${entries.join(',')}}`);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  return padded;
}

function naturals(value: unknown, at: string): number[] {
  if (!Array.isArray(value)) throw damaged({ argument: at, expected: 'an array', received: kindOf(value) });
  return value.map((item: unknown) => {
    if (typeof item !== 'number' || !Number.isSafeInteger(item) || item < 0) throw damaged({ argument: at, expected: 'integers from 0', received: kindOf(item) });
    return item;
  });
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged({ argument: at, expected: 'an object', received: kindOf(value) });
  return value as Record<string, unknown>;
}

/** Nothing of the file is turned into text by its own means: arrays nested 100,000 deep would exhaust the stack. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function damaged(detail: Omit<ErrorDetail, 'op'>): DyadicError {
  return new DyadicError('ERR_DYAD_PARSE', { op: 'decodeDyad', ...detail });
}
