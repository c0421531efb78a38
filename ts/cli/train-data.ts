/** `--data DIR`: finds out what the folder holds (IDX, CIFAR records, a folder of pictures per class) and reads it. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { cifarDataset } from '../train/data/cifar.js';
import type { Dataset } from '../train/data/dataset.js';
import { datasetError, MAX_DATASET_BYTES } from '../train/data/dataset-error.js';
import { idxDataset, type NamedBytes } from '../train/data/idx.js';
import { splitDataset } from '../train/data/split.js';
import { readFile, reasonOf } from './pictures.js';
import { findImageFolders, readImageFolders } from './train-data-images.js';

export interface DataOptions {
  /** [height, width] that pictures in folders are brought to. */
  readonly size: readonly [number, number] | undefined;
  readonly channels: 'rgb' | 'gray';
  readonly fit: 'crop' | 'stretch';
  /** Share of each class that is kept for testing where the folder has no part for that. */
  readonly testShare: number;
  /** At most about so many pictures to train on, of each class the same share. */
  readonly limit: number | undefined;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface TrainingData {
  /** What was found, for people: `IDX`, `CIFAR records`, `folders of pictures`. */
  readonly layout: string;
  /** The folder's own name. */
  readonly name: string;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly notes: readonly string[];
}

/** Parts as a layout has them; `test` is null where there is none. */
export interface FoundData {
  readonly layout: string;
  readonly train: Dataset;
  readonly test: Dataset | null;
}

const LOOKED_FOR = [
  'train-images-idx3-ubyte and train-labels-idx1-ubyte, t10k-… (IDX; also .idx3-ubyte, and .gz or .br)',
  'data_batch_1.bin …, test_batch.bin, or train.bin, test.bin (CIFAR records; also .gz or .br)',
  'train/CLASS/*.png and test/ or val/ (also .jpg), or CLASS/*.png',
];

/**
 * Training and test data of a folder.
 * @throws DyadicError ERR_DATASET that names the file and what is wrong with it, ERR_FILE, ERR_IMAGE
 */
export function readTrainingData(folder: string, options: DataOptions): TrainingData {
  const names = list(folder);
  const found = findIdx(folder, names) ?? findCifar(folder, names) ?? imageFolders(folder, options);
  if (found === null) {
    const received = names.length === 0 ? `${folder}, which is empty` : `${folder}, with ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
    throw datasetError('--data', 'a folder in a layout that is known', received, { details: LOOKED_FOR.map((layout) => `looked for ${layout}`) });
  }
  return limited(withTest(found, basename(resolve(folder)), options), options);
}

function imageFolders(folder: string, options: DataOptions): FoundData | null {
  const folders = findImageFolders(folder);
  return folders === null ? null : readImageFolders(folders, options);
}

function list(folder: string): string[] {
  try {
    if (!statSync(folder).isDirectory()) throw datasetError('--data', 'a folder', `the file ${folder}`);
    return readdirSync(folder, { encoding: 'utf8' }).sort();
  } catch (cause) {
    if (cause instanceof Error && 'errno' in cause) throw datasetError('--data', 'a folder', `${folder}: ${reasonOf(cause)}`, { cause });
    throw cause;
  }
}

function withTest(found: FoundData, name: string, { testShare, seed }: DataOptions): TrainingData {
  const { layout, train, test } = found;
  if (test === null) {
    const { kept, rest } = splitDataset(train, testShare, seed);
    return { layout, name, train: rest, test: kept, notes: [`no part to test on: ${kept.count} of ${train.count} pictures are kept for that, chosen by the seed`] };
  }
  const [a, b] = [train.shape.join('×'), test.shape.join('×')];
  if (a !== b) throw datasetError(test.name, `pictures of ${a}, as in ${train.name}`, b);
  return { layout, name, train, test, notes: [] };
}

function limited(data: TrainingData, { limit, seed }: DataOptions): TrainingData {
  if (limit === undefined || limit >= data.train.count) return data;
  return { ...data, train: splitDataset(data.train, limit / data.train.count, seed).kept };
}

const IDX_IMAGES = /^(?:(.*)[-_.])?(train|t10k|test)-images([-.])idx[34]-ubyte(\.gz|\.br)?$/;

function findIdx(folder: string, names: readonly string[]): FoundData | null {
  const matches = names.map((name) => IDX_IMAGES.exec(name)).filter((match) => match !== null);
  const train = onlyOne(folder, matches.filter((match) => match[2] === 'train'));
  const test = onlyOne(folder, matches.filter((match) => match[2] !== 'train'));
  if (train === null && test === null) return null;
  if (train === null) throw datasetError(folder, 'train-images-idx3-ubyte', `${test![0]} only`);
  const classNames = readClassNames(folder, names);
  const read = (images: string, classes?: number): Dataset => {
    const labels = labelsOf(folder, images, names);
    return idxDataset(join(folder, images), unpack(folder, images), unpack(folder, labels), { ...(classes === undefined ? {} : { classes }), ...classNames });
  };
  const trained = read(train[0]);
  return { layout: 'IDX', train: trained, test: test === null ? null : read(test[0], trained.classes) };
}

/** The same array packed and unpacked is one; two different ones are a question we cannot answer. */
function onlyOne(folder: string, matches: readonly RegExpExecArray[]): RegExpExecArray | null {
  const stems = new Map(matches.map((match) => [match[0].replace(/\.(gz|br)$/, ''), match]).reverse() as [string, RegExpExecArray][]);
  if (stems.size > 1) throw datasetError(folder, 'one set of pictures', [...stems.keys()].sort().join(', '));
  return [...stems.values()][0] ?? null;
}

function labelsOf(folder: string, images: string, names: readonly string[]): string {
  const stem = images.replace(/\.(gz|br)$/, '').replace(/-images([-.])idx[34]-ubyte$/, '-labels$1idx1-ubyte');
  const found = [stem, `${stem}.gz`, `${stem}.br`].find((name) => names.includes(name));
  if (found === undefined) throw datasetError(join(folder, stem), `the labels of ${images} (also .gz or .br)`, 'nothing there');
  return found;
}

const CIFAR_TRAIN = /^(?:data_batch_\d+|(?:.+[-_])?train(?:[-_]\d+)?)\.bin(\.gz|\.br)?$/;
const CIFAR_TEST = /^(?:test_batch|(?:.+[-_])?test)\.bin(\.gz|\.br)?$/;

function findCifar(folder: string, names: readonly string[]): FoundData | null {
  const train = unpackedOnce(names.filter((name) => CIFAR_TRAIN.test(name)));
  const test = unpackedOnce(names.filter((name) => CIFAR_TEST.test(name)));
  if (train.length === 0 && test.length === 0) return null;
  if (train.length === 0) throw datasetError(folder, 'data_batch_1.bin … or train.bin', `${test.join(', ')} only`);
  const classNames = readClassNames(folder, names);
  const isCifar10 = train.every((name) => name.startsWith('data_batch_'));
  const read = (files: readonly string[], classes: number | undefined): Dataset =>
    cifarDataset(files.length === 1 ? join(folder, files[0]!) : folder, files.map((name) => unpack(folder, name)), { ...(classes === undefined ? {} : { classes }), ...classNames });
  const trained = read(train, isCifar10 ? 10 : undefined);
  return { layout: 'CIFAR records', train: trained, test: test.length === 0 ? null : read(test, trained.classes) };
}

/** a.bin and a.bin.gz are one file; batches in the order of their numbers. */
function unpackedOnce(names: readonly string[]): string[] {
  const plain = names.filter((name) => !/\.(gz|br)$/.test(name) || !names.includes(name.replace(/\.(gz|br)$/, '')));
  const number = (name: string): number => Number(/(\d+)\.bin/.exec(name)?.[1] ?? 0);
  return plain.sort((a, b) => number(a) - number(b) || (a < b ? -1 : 1));
}

const CLASS_NAME_FILES = ['classes.txt', 'labels.txt', 'batches.meta.txt', 'fine_label_names.txt'];

/** One name per line, in the order of the labels. */
function readClassNames(folder: string, names: readonly string[]): { readonly classNames?: readonly string[] } {
  const file = CLASS_NAME_FILES.find((name) => names.includes(name));
  if (file === undefined) return {};
  const lines = new TextDecoder().decode(readFile(join(folder, file), 'train')).trimEnd().split(/\r?\n/);
  return lines.length > 1 ? { classNames: lines } : {};
}

/** A file's bytes, unpacked if its name ends in .gz or .br. */
function unpack(folder: string, name: string): NamedBytes {
  const path = join(folder, name);
  const bytes = readFile(path, 'train');
  const how = /\.gz$/.test(name) ? gunzipSync : /\.br$/.test(name) ? brotliDecompressSync : null;
  if (how === null) return { name: path, bytes };
  try {
    const whole = how(bytes, { maxOutputLength: MAX_DATASET_BYTES });
    return { name: path, bytes: new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength) };
  } catch (cause) {
    throw datasetError(path, name.endsWith('.gz') ? 'an undamaged gzip file' : 'an undamaged brotli file', reasonOf(cause), { cause });
  }
}

/** For messages: how many pictures of what size in how many classes. */
export function describeData({ layout, train, test }: TrainingData): string {
  const [height, width, channels] = train.shape;
  return `${layout}: ${train.count} pictures to train on, ${test.count} to test, ${width}×${height}×${channels}, ${train.classes} classes`;
}
