/** The .dyad file: one network, one file; damaged files are refused with the right code (SPEC 6.1, 6.5). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError, type ErrorCode } from '../../ts/errors.js';
import { decodeDyad, encodeDyad } from '../../ts/integer/dyad.js';
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { compareNames } from '../../ts/integer/safetensors.js';
import { fileOf, fileParts, fileWithHeader, sampleGraph, splitFile } from './sample.js';

function refuses(bytes: Uint8Array, code: ErrorCode, message: RegExp): void {
  try {
    decodeDyad(bytes);
  } catch (error) {
    if (!(error instanceof DyadicError)) throw error;
    assert.is(error.code, code, error.message);
    assert.match(error.message, message);
    return;
  }
  assert.unreachable(`expected ${code}`);
}

/** One dense layer of three by three: an odd number of nibbles, and names that look like numbers. */
function tinyGraph(): IntegerGraph {
  return {
    name: '',
    values: [
      { name: 'x', dtype: 'i8', shape: [1, 3], scale: 1, zeroPoint: 0, range: [-128, 127] },
      { name: 'y', dtype: 'i16', shape: [1, 3], scale: 1, zeroPoint: 0, range: [-32767, 32767] },
    ],
    inputs: [{ name: 'x', value: 0, preprocess: null }],
    outputs: [{ name: 'y', value: 1, softmax: null }],
    tensors: new Map([
      ['9', { dtype: 'i4' as const, shape: [3, 3], data: new Int8Array([-7, 7, 0, -1, 1, 2, -2, 3, -3]) }],
      ['10', { dtype: 'i32' as const, shape: [3], data: new Int32Array([-(2 ** 30), 2 ** 30, 0]) }],
    ]),
    operations: [{ op: 'dense', name: 'd', inputs: [0], outputs: [1], weight: '9', bias: '10', requantization: { form: 'copy' }, clamp: [-32767, 32767] }],
  };
}

test('a graph comes back from its file, and its file from the graph', () => {
  for (const graph of [sampleGraph(), tinyGraph()]) {
    const file = encodeDyad(graph);
    const decoded = decodeDyad(file);
    assert.equal({ ...decoded, tensors: [...decoded.tensors].sort() }, { ...graph, tensors: [...graph.tensors].sort() });
    assert.equal(encodeDyad(decoded), file);
  }
});

test('the bytes do not depend on the order of tensors or keys', () => {
  const graph = sampleGraph();
  const reversedKeys = (object: object): object => Object.fromEntries(Object.entries(object).reverse());
  const shuffled = {
    ...graph,
    tensors: new Map([...graph.tensors].reverse()),
    values: graph.values.map((value) => reversedKeys(value)),
    operations: graph.operations.map((operation) => reversedKeys(operation)),
  } as IntegerGraph;
  assert.equal(encodeDyad(shuffled), encodeDyad(graph));
});

test('the layout is that of SPEC 6.1 and 1.4', () => {
  const file = encodeDyad(tinyGraph());
  const { header, data } = splitFile(file);
  assert.is((file.length - data.length) % 8, 0);
  assert.ok(header.endsWith('"10":{"dtype":"I32","shape":[3],"data_offsets":[0,12]},"9":{"dtype":"U8","shape":[5],"data_offsets":[12,17]}}'), header);
  // -7 = 9, 7; 0, -1 = f; 1, 2; -2 = e, 3; -3 = d and a high nibble of 0.
  assert.equal([...data.subarray(12)], [0x79, 0xf0, 0x21, 0x3e, 0x0d]);
});

test('a file may lie anywhere in its buffer, and is not kept', () => {
  const file = encodeDyad(sampleGraph());
  const buffer = new Uint8Array(file.length + 3);
  buffer.set(file, 3);
  const decoded = decodeDyad(buffer.subarray(3));
  buffer.fill(0);
  assert.equal(encodeDyad(decoded), file);
  const shared = new Uint8Array(new SharedArrayBuffer(file.length));
  shared.set(file);
  assert.equal(encodeDyad(decodeDyad(shared)), file);
});

test('names sort by code point', () => {
  const names = ['a', '', 'ab', 'Z', '\uffee', '😀', '\ud7ff', 'é'];
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  assert.equal([...names].sort(compareNames), [...names].sort(byBytes));
});

test('every truncation is refused', () => {
  const file = encodeDyad(tinyGraph());
  for (let length = 0; length < file.length; length++) refuses(file.subarray(0, length), 'ERR_DYAD_PARSE', /decodeDyad/);
  const longer = new Uint8Array(file.length + 1);
  longer.set(file);
  refuses(longer, 'ERR_DYAD_PARSE', /bytes of data/);
});

test('header lengths beyond the file or 100 MB are refused before anything is read', () => {
  const file = encodeDyad(tinyGraph());
  for (const length of [100_000_001n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n, BigInt(file.length)]) {
    const mutant = file.slice();
    new DataView(mutant.buffer).setBigUint64(0, length, true);
    refuses(mutant, 'ERR_DYAD_PARSE', /header length/);
  }
});

test('a damaged container is refused', () => {
  const { header, data } = splitFile(encodeDyad(tinyGraph()));
  const cases: [string, RegExp][] = [
    ['[]', /header/],
    ['null', /header/],
    ['{"a":', /JSON/],
    ['{}', /bytes of data/],
    [header.replace('"I32"', '"F32"'), /dtype/],
    [header.replace('[0,12]', '[4,12]'), /data_offsets/],
    [header.replace('[0,12]', '[0,16]'), /data_offsets/],
    [header.replace('[0,12]', '[0,12,12]'), /data_offsets/],
    [header.replace('[0,12]', '[0,-12]'), /data_offsets/],
    [header.replace('[12,17]', '[11,17]'), /data_offsets/],
    [header.replace('[12,17]', '[13,18]'), /data_offsets/],
    [header.replace('[12,17]', '[12,9007199254740991]'), /data_offsets/],
    [header.replace('"shape":[3]', '"shape":[4]'), /data_offsets/],
    [header.replace('"shape":[3]', '"shape":3'), /shape/],
    [header.replace('"shape":[3]', '"shape":[3],"more":1'), /keys/],
    [header.replace('"shape":[3]', '"shape":[9007199254740991,9007199254740991]'), /data_offsets/],
    [header.replace('"shape":[3]', '"shape":[3.0]'), /another way/],
    [header.replace('"shape":[3]', '"shape": [3]'), /another way/],
    [header.replace('"10":', '"10":{"dtype":"I8","shape":[],"data_offsets":[0,1]},"10":'), /another way/],
    [header.replace('{"__metadata__":', '{"__metadata__":{},"__metadata__":'), /another way/],
    [header.replace('{"dyad":', '{"other":'), /__metadata__/],
    [header.replace('{"dyad":', '{"a":"b","dyad":'), /__metadata__/],
    [header.replace('{"dyad":', '{"a":1,"dyad":'), /__metadata__/],
    [`{${header.slice(header.indexOf('"10":{"dtype":"I32"'))}`, /__metadata__/],
  ];
  for (const [text, message] of cases) {
    assert.is.not(text, header, String(message));
    refuses(fileWithHeader(text, data), 'ERR_DYAD_PARSE', message);
  }
  const reordered = header.replace(/^(.*\}",?"?\}?,?)("10":\{.*?\}),("9":\{.*?\})\}$/, '$1$3,$2}');
  assert.is.not(reordered, header);
  refuses(fileWithHeader(reordered, data), 'ERR_DYAD_PARSE', /another way/);
  const invalidUtf8 = fileWithHeader(header, data);
  invalidUtf8[invalidUtf8.indexOf('x'.charCodeAt(0))] = 0xff;
  refuses(invalidUtf8, 'ERR_DYAD_PARSE', /UTF-8/);
});

test('the text of the graph has one spelling', () => {
  const parts = fileParts();
  const json: string = JSON.stringify(parts.json);
  const spellings = [` ${json}`, json.replace('"zeroPoint":3', '"zeroPoint":3.0'), json.replace('"zeroPoint":0', '"zeroPoint":-0'), json.replace('"dtype":"u8"', '"dtype":"i8","dtype":"u8"'), json.replace('"name":"x","dtype":"u8"', '"dtype":"u8","name":"x"')];
  for (const spelling of spellings) {
    assert.is.not(spelling, json);
    refuses(fileOf({ ...parts, json: spelling }), 'ERR_DYAD_PARSE', /another way/);
  }
  refuses(fileOf({ ...parts, json: '{' }), 'ERR_DYAD_PARSE', /JSON/);
});

test('a later version is said to be one, whatever else is in it', () => {
  const { json, tensors } = fileParts();
  refuses(fileOf({ json: { ...json, version: 2 }, tensors }), 'ERR_DYAD_VERSION', /update dyadic/);
  refuses(fileOf({ json: { format: 'dyad', version: 7, layers: [] }, tensors: new Map() }), 'ERR_DYAD_VERSION', /7/);
  refuses(fileOf({ json: { ...json, format: 'other', version: 2 }, tensors }), 'ERR_DYAD_PARSE', /format/);
});

test('what is no Uint8Array is refused', () => {
  for (const argument of [null, undefined, 'dyad', new ArrayBuffer(8), [1, 2]]) refuses(argument as unknown as Uint8Array, 'ERR_ARGUMENT', /Uint8Array/);
});

test('what cannot be read is not written', () => {
  const graph = sampleGraph();
  const broken: [IntegerGraph, ErrorCode][] = [
    [{ ...graph, values: graph.values.slice(1) }, 'ERR_DYAD_INVALID'],
    [{ ...graph, name: '\ud800' }, 'ERR_DYAD_INVALID'],
    [{ ...graph, tensors: {} as unknown as IntegerGraph['tensors'] }, 'ERR_DYAD_INVALID'],
    [{ ...graph, inputs: undefined as unknown as IntegerGraph['inputs'] }, 'ERR_DYAD_INVALID'],
    [{ ...graph, tensors: new Map(graph.tensors).set('c.bias', { dtype: 'i32', shape: [4], data: new Int32Array([0, 0, 2 ** 31 - 1, 0]) }) }, 'ERR_ACCUMULATOR'],
    [{ ...graph, tensors: new Map(graph.tensors).set('c.bias', { dtype: 'i32', shape: [4], data: new Int8Array(4) }) }, 'ERR_DYAD_INVALID'],
    [{ ...graph, tensors: new Map(graph.tensors).set('c.bias', { dtype: 'i32', shape: [4], data: new Int32Array(5) }) }, 'ERR_DYAD_INVALID'],
  ];
  for (const [mutant, code] of broken) {
    try {
      encodeDyad(mutant);
    } catch (error) {
      if (!(error instanceof DyadicError)) throw error;
      assert.is(error.code, code, error.message);
      continue;
    }
    assert.unreachable(`expected ${code}`);
  }
});

function errorCode(call: () => unknown): ErrorCode {
  try {
    call();
  } catch (error) {
    if (error instanceof DyadicError) return error.code;
    throw error;
  }
  throw new Error('expected an error');
}

test('the high nibble behind an odd number of codes is 0 (SPEC 1.4)', () => {
  for (const bit of [0x10, 0x80]) {
    const file = encodeDyad(tinyGraph());
    file[file.length - 1]! |= bit; // the weights are its last tensor
    refuses(file, 'ERR_DYAD_INVALID', /high nibble/);
  }
});

test('what a file nests is never turned into text by its own means', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  for (const junk of [deep, '{"toString":null,"valueOf":1}', `[${deep}]`]) {
    const entries = [`"dtype":${junk},"shape":[1],"data_offsets":[0,1]`, `"dtype":"I8","shape":${junk},"data_offsets":[0,1]`, `"dtype":"I8","shape":[1],"data_offsets":${junk}`, `"dtype":"I8","shape":[1],"data_offsets":[0,${junk}]`];
    const headers = [junk, `{"a":${junk}}`, ...entries.map((entry) => `{"a":{${entry}}}`), `{"__metadata__":${junk}}`, `{"__metadata__":{"dyad":${junk}}}`];
    for (const header of headers) assert.is(errorCode(() => decodeDyad(fileWithHeader(header, new Uint8Array(1)))), 'ERR_DYAD_PARSE');
    for (const text of [junk, `{"format":${junk}}`, `{"format":"dyad","version":${junk}}`]) {
      assert.ok(errorCode(() => decodeDyad(fileWithHeader(`{"__metadata__":{"dyad":${JSON.stringify(text)}}}`, new Uint8Array(0)))).startsWith('ERR_DYAD_'));
    }
  }
});

test('a file of another kind is called one', () => {
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  refuses(text('<!doctype html><p>not found'), 'ERR_DYAD_PARSE', /expected a \.dyad file, got one that begins with "<!doctyp"/);
  refuses(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), 'ERR_DYAD_PARSE', /begins with bytes 89 50 4e 47 0d 0a 1a 0a/);
});

test.run();
