/** IDX files: what is read, and what is said of those that are wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idxDataset, parseIdx } from '../../ts/train/data/idx.js';
import { fuzz, idx, refusedDataset } from './data-files.js';

const PIXELS = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => (i * 37) & 255);
const images = (shape: readonly number[] = [3, 2, 4], data: Uint8Array = PIXELS): { name: string; bytes: Uint8Array } => ({ name: 'images', bytes: idx(shape, data) });
const labels = (...codes: number[]): { name: string; bytes: Uint8Array } => ({ name: 'labels', bytes: idx([codes.length], Uint8Array.from(codes)) });

test('gray pictures and their labels', () => {
  const set = idxDataset('tiny', images(), labels(1, 0, 4));
  assert.equal([set.name, set.count, set.shape, set.classes], ['tiny', 3, [2, 4, 1], 5]);
  assert.equal([...set.images], [...PIXELS]);
  assert.equal([...set.labels], [1, 0, 4]);
  assert.equal(idxDataset('tiny', images([2, 2, 2, 3]), labels(0, 1)).shape, [2, 2, 3]);
  assert.equal(idxDataset('tiny', images(), labels(0, 0, 1), { classNames: ['a', 'b', 'c'] }).classNames, ['a', 'b', 'c']);
});

test('a file that is no IDX file of bytes is refused with what it is', () => {
  const refused = (bytes: Uint8Array, message: RegExp): void => refusedDataset(() => parseIdx({ name: 'images', bytes }), message);
  refused(new Uint8Array(0), /dataset: "images" expected an IDX file, got an empty file/);
  refused(Uint8Array.of(0x1f, 0x8b, 8, 0, 0), /two zero bytes, got 1f 8b \(gzip: unpack it, or end its name in \.gz\)/);
  refused(Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0), /bytes \(type 08\), got 32-bit floats \(type 0d\)/);
  refused(Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0), /got type 07/);
  refused(Uint8Array.of(0, 0, 8, 0), /got 0 axes/);
  refused(Uint8Array.of(0, 0, 8, 3, 0, 0), /a header of 16 bytes, got a file of 6/);
  refused(idx([3, 2, 4], PIXELS).subarray(0, 30), /24 bytes of 3×2×4, got 14: the file is cut short/);
  refused(idx([3, 2, 3], PIXELS), /18 bytes of 3×2×3, got 24: 6 too many/);
  refused(idx([0xffffffff, 0xffffffff, 0xffffffff], PIXELS), /sizes that fit memory/);
});

test('pictures and labels that do not belong together', () => {
  refusedDataset(() => idxDataset('d', images(), labels(1, 2)), /"labels" expected 3 labels, one for each picture of images, got 2/);
  refusedDataset(() => idxDataset('d', labels(1), labels(1)), /"labels" expected pictures, with 3 or 4 axes, got 1: 1/);
  refusedDataset(() => idxDataset('d', images(), images()), /"images" expected labels, with 1 axis, got 3: 3×2×4/);
  refusedDataset(() => idxDataset('d', images([0, 2, 4], new Uint8Array(0)), labels()), /at least one picture, got 0×2×4/);
  refusedDataset(() => idxDataset('d', images([3, 0, 4], new Uint8Array(0)), labels(0, 1, 2)), /at least one picture, got 3×0×4/);
  refusedDataset(() => idxDataset('d', images(), labels(0, 9, 1), { classes: 3 }), /"labels" expected labels from 0 to 2, got 9 at picture 1/);
});

test('any bytes are a dataset or a typed error', () => {
  const [pictureFile, labelFile] = [images().bytes, labels(1, 0, 4).bytes];
  const outcomes = fuzz(4000, [pictureFile, labelFile], ([a, b]) => {
    const set = idxDataset('fuzzed', { name: 'images', bytes: a! }, { name: 'labels', bytes: b! });
    assert.is(set.images.length, set.count * set.shape[0] * set.shape[1] * set.shape[2]);
    assert.ok(set.labels.every((label) => label >= 0 && label < set.classes));
  });
  assert.ok(outcomes.read > 100 && outcomes.refused > 1000, JSON.stringify(outcomes));
});

test.run();
