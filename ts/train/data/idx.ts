/**
 * IDX, the format of MNIST and Fashion-MNIST: two zero bytes, the type of the elements, the rank, the sizes as big-endian 32-bit numbers, then the elements, last
 * axis fastest. Pictures and labels are bytes (type 8).
 */
import { checkDataset, checkLabels, classCount } from './check-dataset.js';
import type { Dataset } from './dataset.js';
import { datasetError, MAX_DATASET_BYTES } from './dataset-error.js';

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A file's bytes and what errors call it. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const UNSIGNED_BYTE = 8;
const TYPE_NAMES: Readonly<Record<number, string>> = { 9: 'signed bytes', 11: '16-bit integers', 12: '32-bit integers', 13: '32-bit floats', 14: '64-bit floats' };

/**
 * An IDX file of bytes, as a view of the bytes given.
 * @throws DyadicError ERR_DATASET for another format, other elements, a file cut short or with bytes left over
 */
export function parseIdx({ name, bytes }: NamedBytes): IdxArray {
  if (bytes.length < 4) throw datasetError(name, 'an IDX file', bytes.length === 0 ? 'an empty file' : `${bytes.length} bytes`);
  if (bytes[0] !== 0 || bytes[1] !== 0) throw datasetError(name, 'an IDX file, which starts with two zero bytes', `${hex(bytes[0]!)} ${hex(bytes[1]!)}${compression(bytes)}`);
  const type = bytes[2]!;
  if (type !== UNSIGNED_BYTE) throw datasetError(name, 'an IDX file of bytes (type 08)', TYPE_NAMES[type] === undefined ? `type ${hex(type)}` : `${TYPE_NAMES[type]} (type ${hex(type)})`);
  const rank = bytes[3]!;
  if (rank < 1 || rank > 4) throw datasetError(name, 'one axis (labels) to four (colour pictures)', `${rank} axes`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw datasetError(name, `a header of ${start} bytes`, `a file of ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, length) => product * length, 1);
  if (size > MAX_DATASET_BYTES) throw datasetError(name, 'sizes that fit memory', shape.join('×'));
  const held = bytes.length - start;
  if (held !== size) throw datasetError(name, `${size} bytes of ${shape.join('×')}`, held < size ? `${held}: the file is cut short` : `${held}: ${held - size} too many`);
  return { shape, data: bytes.subarray(start) };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** gzip is what people most often forget to undo. */
function compression(bytes: Uint8Array): string {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? ' (gzip: unpack it, or end its name in .gz)' : '';
}

export interface IdxOptions {
  /** Default: one more than the largest label, or the number of names. */
  readonly classes?: number;
  readonly classNames?: readonly string[];
}

/**
 * Pictures [count][height][width] (gray) or [count][height][width][channels], and their labels.
 * @throws DyadicError ERR_DATASET as parseIdx; if the counts differ, there are none, or a label is out of range
 */
export function idxDataset(name: string, imageFile: NamedBytes, labelFile: NamedBytes, options: IdxOptions = {}): Dataset {
  const images = parseIdx(imageFile);
  const labels = parseIdx(labelFile);
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  if (images.shape.length < 3) throw datasetError(imageFile.name, 'pictures, with 3 or 4 axes', `${images.shape.length}: ${images.shape.join('×')}`);
  if (labels.shape.length !== 1) throw datasetError(labelFile.name, 'labels, with 1 axis', `${labels.shape.length}: ${labels.shape.join('×')}`);
  if (labels.shape[0] !== count) throw datasetError(labelFile.name, `${count} labels, one for each picture of ${imageFile.name}`, `${labels.shape[0]}`);
  if (count === 0 || images.data.length === 0) throw datasetError(imageFile.name, 'at least one picture', images.shape.join('×'));
  const codes = Int32Array.from(labels.data);
  const classes = options.classNames?.length ?? options.classes ?? classCount(codes);
  checkLabels(codes, classes, labelFile.name);
  const names = options.classNames === undefined ? {} : { classNames: options.classNames };
  return checkDataset({ name, count, shape: [height, width, channels], images: images.data, labels: codes, classes, ...names });
}
