/** What `--data DIR` finds in a folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { encode as encodePng } from 'fast-png';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import { describeData, readTrainingData, type DataOptions, type TrainingData } from '../../ts/cli/train-data.js';
import { cifar, idx, refusedDataset } from '../train/data-files.js';

const root = mkdtempSync(join(tmpdir(), 'dyadic-data-'));
let made = 0;

test.after(() => rmSync(root, { recursive: true, force: true }));

const DEFAULTS: DataOptions = { size: undefined, channels: 'rgb', fit: 'crop', testShare: 0.25, limit: undefined, seed: 1 };

/** A new folder with these files. */
function folder(files: Record<string, Uint8Array | string>): string {
  const path = join(root, String(made++));
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

const read = (files: Record<string, Uint8Array | string>, options: Partial<DataOptions> = {}): TrainingData => readTrainingData(folder(files), { ...DEFAULTS, ...options });
const pictures = (count: number): Uint8Array => idx([count, 2, 3], Uint8Array.from({ length: count * 6 }, (_, i) => i & 255));
const labels = (count: number): Uint8Array => idx([count], Uint8Array.from({ length: count }, (_, i) => i % 4));
const png = (width: number, height: number, colour: number): Uint8Array => encodePng({ width, height, channels: 3, depth: 8, data: new Uint8Array(width * height * 3).fill(colour) });

test('IDX in every spelling', () => {
  const spellings: Record<string, Uint8Array>[] = [
    { 'train-images-idx3-ubyte': pictures(8), 'train-labels-idx1-ubyte': labels(8), 't10k-images-idx3-ubyte': pictures(4), 't10k-labels-idx1-ubyte': labels(4) },
    { 'train-images.idx3-ubyte': pictures(8), 'train-labels.idx1-ubyte': labels(8), 't10k-images.idx3-ubyte': pictures(4), 't10k-labels.idx1-ubyte': labels(4) },
    { 'train-images-idx3-ubyte.br': brotliCompressSync(pictures(8)), 'train-labels-idx1-ubyte.gz': gzipSync(labels(8)), 'test-images-idx3-ubyte.gz': gzipSync(pictures(4)), 'test-labels-idx1-ubyte': labels(4) },
    { 'emnist-train-images-idx3-ubyte': pictures(8), 'emnist-train-images-idx3-ubyte.gz': gzipSync(pictures(8)), 'emnist-train-labels-idx1-ubyte': labels(8), 'emnist-test-images-idx3-ubyte': pictures(4), 'emnist-test-labels-idx1-ubyte': labels(4) },
  ];
  for (const files of spellings) {
    const { layout, train, test: tested, notes } = read(files);
    assert.equal([layout, train.count, train.shape, train.classes, tested.count, notes.length], ['IDX', 8, [2, 3, 1], 4, 4, 0]);
    assert.equal([...train.labels], [0, 1, 2, 3, 0, 1, 2, 3]);
    assert.equal(train.images[47], 47);
  }
});

test('IDX with something wrong', () => {
  const good = { 'train-images-idx3-ubyte': pictures(8), 'train-labels-idx1-ubyte': labels(8) };
  refusedDataset(() => read({ 'train-images-idx3-ubyte': pictures(8) }), /train-labels-idx1-ubyte" expected the labels of train-images-idx3-ubyte \(also \.gz or \.br\), got nothing there/);
  refusedDataset(() => read({ 't10k-images-idx3-ubyte': pictures(8) }), /expected train-images-idx3-ubyte, got t10k-images-idx3-ubyte only/);
  refusedDataset(() => read({ ...good, 'train-labels-idx1-ubyte': labels(7) }), /train-labels-idx1-ubyte" expected 8 labels/);
  refusedDataset(() => read({ 'train-images-idx3-ubyte.gz': gzipSync(pictures(8)).subarray(0, 30), 'train-labels-idx1-ubyte': labels(8) }), /train-images-idx3-ubyte\.gz" expected an undamaged gzip file/);
  refusedDataset(() => read({ 'train-images-idx3-ubyte.br': Uint8Array.of(1, 2, 3), 'train-labels-idx1-ubyte': labels(8) }), /an undamaged brotli file/);
  refusedDataset(() => read({ ...good, 't10k-images-idx3-ubyte': pictures(2), 't10k-labels-idx1-ubyte': idx([2], Uint8Array.of(0, 4)) }), /t10k-labels-idx1-ubyte" expected labels from 0 to 3, got 4 at picture 1/);
  refusedDataset(() => read({ ...good, 't10k-images-idx3-ubyte': idx([1, 1, 1], new Uint8Array(1)), 't10k-labels-idx1-ubyte': idx([1], new Uint8Array(1)) }), /expected pictures of 2×3×1, as in .*, got 1×1×1/);
  refusedDataset(() => read({ 'a-train-images-idx3-ubyte': pictures(8), 'b-train-images-idx3-ubyte': pictures(8) }), /one set of pictures, got a-train-images-idx3-ubyte, b-train/);
});

test('CIFAR records: batches in order, CIFAR-100, class names', () => {
  const batches = Object.fromEntries([10, 2, 1].map((n) => [`data_batch_${n}.bin`, cifar([[n % 10]])]));
  const ten = read({ ...batches, 'test_batch.bin': cifar([[5], [6]]), 'batches.meta.txt': 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n' });
  assert.equal([ten.layout, [...ten.train.labels], ten.train.classes, [...ten.test.labels], ten.train.classNames?.[9]], ['CIFAR records', [1, 2, 0], 10, [5, 6], 'j']);
  const hundred = read({ 'train.bin.gz': gzipSync(cifar([[1, 55], [2, 66]])), 'test.bin': cifar([[1, 99]]) });
  assert.equal([[...hundred.train.labels], hundred.train.classes, [...hundred.test.labels]], [[55, 66], 100, [99]]);
  const decoded = read({ 'c100-train.bin': cifar([[12], [0]]), 'c100-test.bin': cifar([[3]]) });
  assert.equal([[...decoded.train.labels], decoded.train.classes], [[12, 0], 13]);
  refusedDataset(() => read({ 'data_batch_1.bin': cifar([[10]]) }), /data_batch_1\.bin" expected labels from 0 to 9, got 10/);
  refusedDataset(() => read({ 'data_batch_1.bin': cifar([[1]]).subarray(1) }), /data_batch_1\.bin" expected a multiple of 3073/);
  refusedDataset(() => read({ 'test_batch.bin': cifar([[1]]) }), /data_batch_1\.bin … or train\.bin, got test_batch\.bin only/);
});

test('a folder of pictures per class', () => {
  const files = { 'train/dog/1.png': png(4, 4, 10), 'train/cat/more/1.png': png(4, 4, 20), 'train/cat/notes.txt': 'no picture', 'val/dog/7.png': png(4, 4, 30) };
  const { layout, train, test: tested } = read(files);
  assert.equal([layout, train.classNames, [...train.labels], train.images[0], train.images[48]], ['folders of pictures', ['cat', 'dog'], [0, 1], 20, 10]);
  assert.equal([tested.count, [...tested.labels], tested.images[0]], [1, [1], 30]);
  assert.equal(read(files, { size: [2, 3], channels: 'gray' }).train.shape, [2, 3, 1]);
  refusedDataset(() => read({ ...files, 'val/cow/1.png': png(4, 4, 0) }), /cow" expected a class that .*train has, got cow/);
  refusedDataset(() => read({ ...files, 'train/dog/2.png': png(5, 4, 0) }), /2\.png" expected 4×4, the size of .*1\.png, or a size \(--size WxH on the command line\) to bring all to, got 5×4/);
  refusedDataset(() => read({ ...files, 'val/dog/7.png': png(5, 4, 0) }), /expected pictures of 4×4×3, as in .*, got 4×5×3/);
  refusedDataset(() => read({ 'train/dog/1.png': png(4, 4, 10) }), /two classes or more, got one: dog/);
  assert.throws(() => read({ ...files, 'train/dog/0.png': 'damaged' }), (error: unknown) => error instanceof DyadicError && error.code === 'ERR_IMAGE' && /0\.png/.test(error.message));
});

test('one level of class folders is split by the seed', () => {
  const files = Object.fromEntries(['a', 'b'].flatMap((name) => Array.from({ length: 8 }, (_, i) => [`${name}/${i}.png`, png(2, 2, i)])));
  const data = read(files);
  assert.equal([data.train.count, data.test.count], [12, 4]);
  assert.match(data.notes.join(), /no part to test on: 4 of 16 pictures are kept for that, chosen by the seed/);
  assert.equal(read(files).test.images, data.test.images);
  assert.not.equal(read(files, { seed: 2 }).test.images, data.test.images);
  assert.is(describeData(data), 'folders of pictures: 12 pictures to train on, 4 to test, 2×2×3, 2 classes');
  assert.is(read(files, { limit: 4 }).train.count, 4);
});

test('a folder in no known layout is told what was looked for', () => {
  refusedDataset(() => read({ 'readme.txt': 'hello', 'x.csv': '1' }), /--data" expected a folder in a layout that is known, got .*, with readme\.txt, x\.csv\n {2}looked for train-images-idx3-ubyte.*\n {2}looked for data_batch_1\.bin.*\n {2}looked for train\/CLASS/);
  refusedDataset(() => read({}), /which is empty/);
  refusedDataset(() => readTrainingData(join(root, 'missing'), DEFAULTS), /missing: nothing there/);
  writeFileSync(join(root, 'file'), '');
  refusedDataset(() => readTrainingData(join(root, 'file'), DEFAULTS), /expected a folder, got the file/);
});

test.run();
