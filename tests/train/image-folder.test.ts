/** Pictures into a Dataset, what every Dataset holds, and the seeded split. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDataset } from '../../ts/train/data/check-dataset.js';
import type { Dataset } from '../../ts/train/data/dataset.js';
import { imageFolderDataset, type LabelledPicture } from '../../ts/train/data/image-folder.js';
import { splitDataset, testPositions } from '../../ts/train/data/split.js';
import { refusedDataset } from './data-files.js';

/** A picture of one colour. */
function plain(name: string, label: number, [height, width]: readonly [number, number], colour: readonly [number, number, number]): LabelledPicture {
  return { name, label, decode: () => ({ height, width, channels: 3, data: Uint8Array.from({ length: height * width * 3 }, (_, i) => colour[i % 3]!) }) };
}

test('pictures are stacked, and resized where a size is given', () => {
  const pictures = [plain('a', 1, [4, 6], [10, 20, 30]), plain('b', 0, [9, 5], [200, 100, 0])];
  const set = imageFolderDataset('d', ['cat', 'dog'], pictures, { size: [2, 3] });
  assert.equal([set.count, set.shape, set.classes, set.classNames, [...set.labels]], [2, [2, 3, 3], 2, ['cat', 'dog'], [1, 0]]);
  assert.equal([...set.images], [...Array<number[]>(6).fill([10, 20, 30]).flat(), ...Array<number[]>(6).fill([200, 100, 0]).flat()]);
  const gray = imageFolderDataset('d', ['cat', 'dog'], pictures, { size: [2, 2], channels: 'gray' });
  assert.equal([gray.shape, gray.images[0], gray.images[4]], [[2, 2, 1], (77 * 10 + 150 * 20 + 29 * 30 + 128) >> 8, (77 * 200 + 150 * 100 + 128) >> 8]);
});

test('without a size all pictures have that of the first', () => {
  const pictures = [plain('first.png', 0, [4, 6], [1, 2, 3]), plain('second.png', 1, [4, 5], [1, 2, 3])];
  refusedDataset(() => imageFolderDataset('d', ['a', 'b'], pictures), /"second.png" expected 6×4, the size of first.png, or a size \(--size WxH on the command line\) to bring all to, got 5×4/);
  assert.equal(imageFolderDataset('d', ['a', 'b'], pictures.slice(0, 1)).shape, [4, 6, 3]);
  refusedDataset(() => imageFolderDataset('d', ['a'], []), /at least one picture, got none/);
});

const SET: Dataset = {
  name: 'numbers',
  count: 40,
  shape: [1, 2, 1],
  images: Uint8Array.from({ length: 80 }, (_, i) => i >> 1),
  labels: Int32Array.from({ length: 40 }, (_, i) => (i < 30 ? i % 3 : 3)),
  classes: 4,
};

test('a split takes the same share of each class and loses nothing', () => {
  const { kept, rest } = splitDataset(SET, 0.2, 5);
  assert.equal([kept.count, rest.count], [8, 32]);
  assert.equal([0, 1, 2, 3].map((label) => kept.labels.filter((other) => other === label).length), [2, 2, 2, 2]);
  const positions = [...kept.images, ...rest.images].filter((_, i) => i % 2 === 0).sort((a, b) => a - b);
  assert.equal(positions, Array.from({ length: 40 }, (_, i) => i), 'each picture is in one part');
  for (const part of [kept, rest]) part.labels.forEach((label, i) => assert.is(label, SET.labels[part.images[2 * i]!]));
});

test('a split depends on the seed and on nothing else', () => {
  const chosen = (seed: number): number[] => [...testPositions(SET.labels, 0.2, seed)].sort((a, b) => a - b);
  assert.equal(chosen(5), chosen(5));
  assert.not.equal(chosen(5), chosen(6));
  assert.equal(chosen(1), [1, 4, 8, 15, 17, 18, 37, 38], 'these on every host');
  refusedDataset(() => splitDataset({ ...SET, count: 1, images: new Uint8Array(2), labels: new Int32Array(1) }, 0.2, 1), /two pictures or more/);
});

test('a dataset holds what it says', () => {
  assert.is(checkDataset(SET), SET);
  refusedDataset(() => checkDataset({ ...SET, count: 0 }), /"numbers" expected at least one picture, got 0/);
  refusedDataset(() => checkDataset({ ...SET, count: 41 }), /82 bytes for 41 pictures of 1×2×1, got 80/);
  refusedDataset(() => checkDataset({ ...SET, labels: new Int32Array(39) }), /40 labels, one for each picture, got 39/);
  refusedDataset(() => checkDataset({ ...SET, classes: 3 }), /labels from 0 to 2, got 3 at picture 30/);
  refusedDataset(() => checkDataset({ ...SET, labels: SET.labels.map((label, i) => (i === 4 ? -1 : label)) }), /got -1 at picture 4/);
  refusedDataset(() => checkDataset({ ...SET, classNames: ['a'] }), /4 class names, got 1/);
  refusedDataset(() => checkDataset({ ...SET, shape: [1, 0, 2] }), /each at least 1, got \[1, 0, 2\]/);
});

test.run();
