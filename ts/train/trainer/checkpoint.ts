/**
 * A run in one safetensors file (SPEC 7.5): the tensors of its state by name, as other tools can read them, those of its best epoch behind `best/`, and in the
 * metadata everything else: settings, progress, gradient states, the model's parameters. Decoding gives back what was encoded, bit for bit, or refuses.
 */
import { DyadicError } from '../../errors.js';
import { readSafetensors, writeSafetensors, type SafetensorsFile, type StoredTensor } from '../../integer/safetensors.js';
import type { StateSnapshot } from '../program/training-program.js';
import { checkpointError } from './checkpoint-error.js';
import { readGradients, readParameters, readProgress, readRunSettings, type ParameterDescription } from './checkpoint-fields.js';
import { crc32 } from './crc32.js';
import { fromExactJson, toExactJson } from './exact-json.js';
import type { Progress } from './progress.js';
import type { RunSettings } from './settings.js';

export interface Checkpoint {
  readonly settings: RunSettings;
  readonly progress: Progress;
  /** The name of the gradient policy. */
  readonly gradient: string;
  /** In the model's order. */
  readonly parameters: readonly ParameterDescription[];
  readonly snapshot: StateSnapshot;
  /** Parameters after the best epoch; null without one. */
  readonly best: StateSnapshot['tensors'] | null;
}

const FORMAT = 'dyadic-checkpoint';
const VERSION = '1';
const BEST = 'best/';
const NO_CHECKSUM = '00000000';
const KIND = { name: 'a checkpoint', elementBytes: new Map([['F32', 4]]) };
const FIELDS = ['checksum', 'format', 'gradient', 'gradients', 'parameters', 'progress', 'settings', 'version'];

/** Throws ERR_TRAINING if a number of the state is none: such a run must not overwrite a good checkpoint. */
export function encodeCheckpoint({ settings, progress, gradient, parameters, snapshot, best }: Checkpoint): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of snapshot.tensors) tensors.set(name, stored(name, tensor));
  for (const [name, tensor] of best ?? []) tensors.set(BEST + name, stored(name, tensor));
  const metadata = new Map([
    ['checksum', NO_CHECKSUM],
    ['format', FORMAT],
    ['gradient', gradient],
    ['gradients', toExactJson([...snapshot.gradients])],
    ['parameters', toExactJson(parameters)],
    ['progress', toExactJson(progress)],
    ['settings', toExactJson(settings)],
    ['version', VERSION],
  ]);
  const checksum = checksumOf(writeSafetensors(metadata, tensors));
  return writeSafetensors(metadata.set('checksum', checksum), tensors);
}

/** Throws ERR_CHECKPOINT: damaged bytes, another format or version. Nothing of the file is kept: every tensor is a copy. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  if (!(bytes instanceof Uint8Array)) throw checkpointError({ argument: 'bytes', expected: 'a Uint8Array', received: Object.prototype.toString.call(bytes) });
  const file = readFile(bytes);
  const { metadata } = file;
  checkFormat(file);
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  const best = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { shape, bytes: data }] of file.tensors) {
    const isBest = name.startsWith(BEST);
    (isBest ? best : tensors).set(isBest ? name.slice(BEST.length) : name, { shape, data: new Float32Array(data.slice().buffer) });
  }
  const progress = readProgress(jsonOf(metadata, 'progress'));
  return {
    settings: readRunSettings(jsonOf(metadata, 'settings')),
    progress,
    gradient: metadata.get('gradient') as string,
    parameters: readParameters(jsonOf(metadata, 'parameters')),
    snapshot: { tensors, gradients: readGradients(jsonOf(metadata, 'gradients')) },
    best: best.size === 0 ? null : best,
  };
}

function stored(name: string, { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array }): StoredTensor {
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DyadicError('ERR_TRAINING', { op: 'save', argument: name, expected: 'finite numbers', received: `${data[wrong]} at ${wrong}` });
  return { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** The container's own errors, said of a checkpoint. */
function readFile(bytes: Uint8Array): SafetensorsFile {
  try {
    return readSafetensors(bytes, KIND);
  } catch (cause) {
    if (!(cause instanceof DyadicError)) throw cause;
    const { argument, expected, received } = cause;
    throw checkpointError({ ...(argument === undefined ? {} : { argument }), ...(expected === undefined ? {} : { expected }), ...(received === undefined ? {} : { received }), cause });
  }
}

function checkFormat({ metadata, tensors }: SafetensorsFile): void {
  const format = metadata.get('format');
  if (format !== FORMAT) throw checkpointError({ argument: 'format', expected: FORMAT, received: format ?? 'none' });
  const version = metadata.get('version');
  if (version !== VERSION) throw checkpointError({ argument: 'version', expected: VERSION, received: version ?? 'none' });
  const fields = [...metadata.keys()];
  if (fields.join() !== FIELDS.join()) throw checkpointError({ argument: 'metadata', expected: FIELDS.join(', '), received: fields.join(', ') });
  const checksum = checksumOf(writeSafetensors(new Map(metadata).set('checksum', NO_CHECKSUM), tensors));
  if (metadata.get('checksum') !== checksum) throw checkpointError({ argument: 'checksum', expected: checksum, received: `${metadata.get('checksum')}: the file is damaged` });
}

/** Of the file as it is with eight zeros in its place. */
function checksumOf(file: Uint8Array): string {
  return crc32(file).toString(16).padStart(8, '0');
}

function jsonOf(metadata: ReadonlyMap<string, string>, field: string): unknown {
  try {
    return fromExactJson(metadata.get(field) as string);
  } catch (cause) {
    throw checkpointError({ argument: field, expected: 'JSON', received: cause instanceof Error ? cause.message : String(cause), cause });
  }
}
