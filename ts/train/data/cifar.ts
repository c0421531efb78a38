/**
 * CIFAR's binary records: CIFAR-10 has 1 label byte, CIFAR-100 two (coarse, then fine); then 1024 bytes red, 1024 green, 1024 blue, row by row.
 * Files of one label byte with other labels (CIFAR-100's fine ones alone, say) are read as well.
 */
import { checkDataset, checkLabels, classCount } from './check-dataset.js';
import type { Dataset } from './dataset.js';
import { datasetError } from './dataset-error.js';
import type { IdxOptions, NamedBytes } from './idx.js';

const SIDE = 32;
const AREA = SIDE * SIDE;
const PIXELS = 3 * AREA;
/** CIFAR-100. */
const FINE_CLASSES = 100;
const COARSE_CLASSES = 20;

/** Label bytes of a record: 1, or 2 where the last one counts. */
export type CifarLabelBytes = 1 | 2;

/**
 * How many label bytes the records of a file have.
 * @throws DyadicError ERR_DATASET if its length is a multiple of neither 3073 nor 3074
 */
export function cifarLabelBytes({ name, bytes }: NamedBytes): CifarLabelBytes {
  if (bytes.length === 0) throw datasetError(name, 'CIFAR records', 'an empty file');
  const isOne = bytes.length % (PIXELS + 1) === 0;
  const isTwo = bytes.length % (PIXELS + 2) === 0;
  if (isOne && isTwo) return hasTwoLabels(bytes) ? 2 : 1; // 3,074 records of the one are 3,073 of the other
  if (isOne) return 1;
  if (isTwo) return 2;
  const records = Math.floor(bytes.length / (PIXELS + 1));
  throw datasetError(name, 'a multiple of 3073 bytes (CIFAR-10) or 3074 (CIFAR-100)', `${bytes.length}: ${records} records of 3073 and ${bytes.length % (PIXELS + 1)} bytes`);
}

function hasTwoLabels(bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.length; from += PIXELS + 2) {
    if (bytes[from]! >= COARSE_CLASSES || bytes[from + 1]! >= FINE_CLASSES) return false;
  }
  return true;
}

/**
 * All records of the files, in order, planes interleaved to [32][32][3].
 * @throws DyadicError ERR_DATASET if a file is empty or cut short, if the files have different records, or a label is out of range
 */
export function cifarDataset(name: string, files: readonly NamedBytes[], options: IdxOptions = {}): Dataset {
  if (files.length === 0) throw datasetError(name, 'at least one file of CIFAR records', 'none');
  const labelBytes = cifarLabelBytes(files[0]!);
  const counts = files.map((file) => recordCount(file, labelBytes, files[0]!.name));
  const count = counts.reduce((total, records) => total + records, 0);
  const images = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  const classes = options.classNames?.length ?? options.classes ?? (labelBytes === 2 ? FINE_CLASSES : undefined);
  let done = 0;
  files.forEach((file, i) => {
    const part = labels.subarray(done, done + counts[i]!);
    readRecords(file.bytes, labelBytes, images.subarray(done * PIXELS), part);
    if (classes !== undefined) checkLabels(part, classes, file.name);
    done += counts[i]!;
  });
  const names = options.classNames === undefined ? {} : { classNames: options.classNames };
  return checkDataset({ name, count, shape: [SIDE, SIDE, 3], images, labels, classes: classes ?? classCount(labels), ...names });
}

function recordCount(file: NamedBytes, labelBytes: CifarLabelBytes, first: string): number {
  const size = PIXELS + labelBytes;
  if (file.bytes.length > 0 && file.bytes.length % size === 0) return file.bytes.length / size;
  cifarLabelBytes(file); // says what is wrong with the file alone
  throw datasetError(file.name, `records of ${size} bytes, as in ${first}`, `${file.bytes.length} bytes`);
}

function readRecords(bytes: Uint8Array, labelBytes: CifarLabelBytes, images: Uint8Array, labels: Int32Array): void {
  const size = PIXELS + labelBytes;
  for (let i = 0; i < labels.length; i++) {
    labels[i] = bytes[i * size + labelBytes - 1]!;
    const red = i * size + labelBytes;
    const to = i * PIXELS;
    for (let p = 0; p < AREA; p++) {
      images[to + 3 * p] = bytes[red + p]!;
      images[to + 3 * p + 1] = bytes[red + AREA + p]!;
      images[to + 3 * p + 2] = bytes[red + 2 * AREA + p]!;
    }
  }
}
