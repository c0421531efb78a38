/** Folders of pictures, one per class, as training data. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../train/data/dataset.js';
import { datasetError } from '../train/data/dataset-error.js';
import { imageFolderDataset, type LabelledPicture } from '../train/data/image-folder.js';
import { decodeImage } from './decode-image.js';
import { readFile } from './pictures.js';
import type { DataOptions, FoundData } from './train-data.js';

interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

interface ImageFolders {
  readonly train: { readonly path: string; readonly classes: readonly ClassFolder[] };
  readonly test: { readonly path: string; readonly classes: readonly ClassFolder[] } | null;
}

const PICTURE = /\.(jpe?g|png)$/i;
const TEST_NAMES = ['test', 'val', 'valid', 'validation'];

/** train/ and test/ (or val/), or class folders right here; null if there are no pictures in such places. */
export function findImageFolders(folder: string): ImageFolders | null {
  const subfolders = foldersIn(folder);
  if (subfolders.includes('train')) {
    const train = classesIn(join(folder, 'train'));
    const testName = TEST_NAMES.find((name) => subfolders.includes(name));
    if (train.length > 0) {
      const test = testName === undefined ? null : { path: join(folder, testName), classes: classesIn(join(folder, testName)) };
      return { train: { path: join(folder, 'train'), classes: train }, test };
    }
  }
  const classes = classesIn(folder);
  return classes.length === 0 ? null : { train: { path: folder, classes }, test: null };
}

function foldersIn(folder: string): string[] {
  const names = readdirSync(folder, { encoding: 'utf8' }).filter((name) => !name.startsWith('.'));
  return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() === true).sort();
}

/** Subfolders that hold pictures, at any depth, sorted by code units so that every machine numbers them alike. */
function classesIn(folder: string): ClassFolder[] {
  return foldersIn(folder)
    .map((name) => {
      const path = join(folder, name);
      const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) => PICTURE.test(file));
      return { name, files: files.sort().map((file) => join(path, file)) };
    })
    .filter(({ files }) => files.length > 0);
}

/**
 * Reads the pictures that were found.
 * @throws DyadicError ERR_DATASET for one class only, a class to test that is not trained, or mixed sizes without --size; ERR_IMAGE for a damaged picture
 */
export function readImageFolders({ train, test }: ImageFolders, options: DataOptions): FoundData {
  const names = train.classes.map(({ name }) => name);
  if (names.length < 2) throw datasetError(train.path, 'a folder of pictures for each of two classes or more', `one: ${names[0]}`);
  const unknown = test?.classes.find(({ name }) => !names.includes(name));
  if (unknown !== undefined) throw datasetError(join(test!.path, unknown.name), `a class that ${train.path} has`, unknown.name);
  const trained = read(train.path, train.classes, names, options);
  const tested = test === null || test.classes.length === 0 ? null : read(test.path, test.classes, names, options);
  return { layout: 'folders of pictures', train: trained, test: tested };
}

function read(path: string, classes: readonly ClassFolder[], names: readonly string[], { size, channels, fit, onProgress }: DataOptions): Dataset {
  const pictures = classes.flatMap(({ name, files }) => files.map((file): LabelledPicture => ({ name: file, label: names.indexOf(name), decode: () => decode(file) })));
  return imageFolderDataset(path, names, pictures, {
    ...(size === undefined ? {} : { size }),
    channels,
    fit,
    ...(onProgress === undefined ? {} : { onProgress: (done: number) => onProgress(done, pictures.length) }),
  });
}

function decode(file: string): { width: number; height: number; data: Uint8Array; channels: 3 } {
  return { ...decodeImage(readFile(file, 'train'), file), channels: 3 };
}
