/** `.dyad`, the file of an IntegerGraph (SPEC 6). Both ways are pure functions of their argument and run on every host. */
import { DyadicError } from '../errors.js';
import { elementCount } from './bounds.js';
import { invalid, normalizeGraph, parseGraphText, writeGraphText, type TensorEntry } from './graph-json.js';
import type { IntegerGraph, IntegerTensor } from './integer-graph.js';
import { packNibbles } from './nibbles.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from './safetensors.js';
import { validateIntegerGraph } from './validate.js';

const GRAPH_KEY = 'dyad';

/**
 * The bytes of a network; equal networks give equal bytes.
 * Throws ERR_DYAD_INVALID or ERR_ACCUMULATOR where the graph is no valid network, so that whatever is written can be read.
 */
export function encodeDyad(graph: IntegerGraph): Uint8Array {
  const plain = normalizeGraph(graph);
  validateIntegerGraph({ ...plain, tensors: graph.tensors });
  const stored = new Map<string, StoredTensor>();
  for (const [name, tensor] of graph.tensors) stored.set(name, storeTensor(tensor));
  return writeSafetensors(new Map([[GRAPH_KEY, writeGraphText(plain)]]), stored);
}

/**
 * The network in a file; every rule of SPEC 6, 3 and 2.4 is checked. The tensors are copies, `bytes` may be reused.
 * Throws ERR_DYAD_PARSE (damaged), ERR_DYAD_VERSION (later version), ERR_DYAD_INVALID (no valid network), ERR_ACCUMULATOR (SPEC 2.4).
 */
export function decodeDyad(bytes: Uint8Array): IntegerGraph {
  if (!(bytes instanceof Uint8Array)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'decodeDyad', argument: 'bytes', expected: 'a Uint8Array', received: Object.prototype.toString.call(bytes) });
  }
  const { metadata, tensors: stored } = readSafetensors(bytes);
  const json = metadata.get(GRAPH_KEY);
  if (json === undefined || metadata.size !== 1) {
    throw new DyadicError('ERR_DYAD_PARSE', { op: 'decodeDyad', argument: '__metadata__', expected: `the one key "${GRAPH_KEY}"`, received: [...metadata.keys()].join(', ') || 'none' });
  }
  const text = parseGraphText(json);
  const tensors = new Map<string, IntegerTensor>();
  for (const [name, entry] of text.tensors) tensors.set(name, loadTensor(name, entry, stored.get(name)));
  for (const name of stored.keys()) {
    if (!tensors.has(name)) throw invalid(`tensor "${name}"`, 'tensors', 'an entry in the graph for each tensor of the file', 'none');
  }
  const graph: IntegerGraph = { ...text, tensors };
  validateIntegerGraph(graph);
  return graph;
}

function storeTensor({ dtype, shape, data }: IntegerTensor): StoredTensor {
  switch (dtype) {
    case 'i8':
      return { dtype: 'I8', shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.length) };
    case 'i4':
      return { dtype: 'U8', shape: [Math.ceil(data.length / 2)], bytes: packNibbles(data) };
    case 'i32': {
      const bytes = new Uint8Array(data.length * 4);
      const view = new DataView(bytes.buffer);
      data.forEach((element, i) => view.setInt32(i * 4, element, true));
      return { dtype: 'I32', shape, bytes };
    }
  }
}

function loadTensor(name: string, { dtype, shape }: TensorEntry, stored: StoredTensor | undefined): IntegerTensor {
  const label = `tensor "${name}"`;
  if (stored === undefined) throw invalid(label, 'tensors', 'an entry in the file', 'none');
  const count = elementCount(shape, label, 'shape');
  const expected = dtype === 'i4' ? `U8 [${Math.ceil(count / 2)}]` : `${dtype.toUpperCase()} [${shape.join(', ')}]`;
  const received = `${stored.dtype} [${stored.shape.join(', ')}]`;
  if (received !== expected) throw invalid(label, 'tensors', `${expected} in the file`, received);
  // From here the byte count of the file stands for `count`: readSafetensors has checked it.
  switch (dtype) {
    case 'i8':
      return { dtype, shape, data: new Int8Array(stored.bytes) };
    case 'i4':
      return { dtype, shape, data: unpackNibbles(stored.bytes, count, label) };
    case 'i32': {
      const view = new DataView(stored.bytes.buffer, stored.bytes.byteOffset, stored.bytes.length);
      return { dtype, shape, data: Int32Array.from({ length: count }, (_, i) => view.getInt32(i * 4, true)) };
    }
  }
}

/** The two codes of every byte, side by side in memory: one write for both, whatever the order of bytes in a number is here. */
const CODES_OF_BYTE = new Int16Array(Int8Array.from({ length: 512 }, (_, i) => (i % 2 === 0 ? i << 27 : i << 23) >> 28).buffer);

function unpackNibbles(bytes: Uint8Array, count: number, label: string): Int8Array {
  const pairs = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) pairs[i] = CODES_OF_BYTE[bytes[i] as number] as number;
  const codes = new Int8Array(pairs.buffer, 0, count);
  if (count % 2 === 1 && (bytes[bytes.length - 1] ?? 0) > 15) throw invalid(label, 'data', 'a last high nibble of 0 (SPEC 1.4)', bytes[bytes.length - 1]);
  return codes;
}
