/** CIFAR's binary records. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cifarDataset, cifarLabelBytes } from '../../ts/train/data/cifar.js';
import { cifar, fuzz, refusedDataset } from './data-files.js';

const named = (name: string, bytes: Uint8Array): { name: string; bytes: Uint8Array } => ({ name, bytes });

test('planes become pixels, files are joined in order', () => {
  const set = cifarDataset('ten', [named('a', cifar([[3], [9]])), named('b', cifar([[0]]))], { classes: 10 });
  assert.equal([set.count, set.shape, set.classes, [...set.labels]], [3, [32, 32, 3], 10, [3, 9, 0]]);
  for (const [i, y, x, c] of [[0, 0, 0, 0], [0, 0, 1, 2], [1, 31, 31, 1], [1, 7, 3, 2]] as const) {
    const expected = (i + 3 * (y * 32 + x) + 71 * c) & 255;
    assert.is(set.images[((i * 32 + y) * 32 + x) * 3 + c], expected, `picture ${i}, row ${y}, column ${x}, channel ${c}`);
  }
  assert.equal([...set.images.subarray(2 * 3072)], [...cifarDataset('one', [named('b', cifar([[0]]))]).images]);
});

test('CIFAR-100 has a coarse label and a fine one, which counts', () => {
  const set = cifarDataset('hundred', [named('train.bin', cifar([[19, 99], [0, 7]]))]);
  assert.equal([[...set.labels], set.classes, set.count], [[99, 7], 100, 2]);
  assert.is(set.images[1], 71);
  assert.equal(cifarDataset('fine', [named('fine', cifar([[41], [7]]))]).classes, 42);
});

test('a length that both records fit is told by its labels', () => {
  const one = new Uint8Array(3073 * 3074).fill(50);
  assert.is(cifarLabelBytes(named('x', one)), 1, '50 is no coarse label');
  assert.is(cifarLabelBytes(named('x', one.fill(3))), 2);
});

test('wrong files are refused by name', () => {
  refusedDataset(() => cifarDataset('d', []), /"d" expected at least one file of CIFAR records, got none/);
  refusedDataset(() => cifarDataset('d', [named('data_batch_1.bin', new Uint8Array(0))]), /"data_batch_1.bin" expected CIFAR records, got an empty file/);
  refusedDataset(() => cifarDataset('d', [named('a', cifar([[1], [2]]).subarray(0, 5000))]), /"a" expected a multiple of 3073 .* got 5000: 1 records of 3073 and 1927 bytes/);
  refusedDataset(() => cifarDataset('d', [named('a', cifar([[1]])), named('b', cifar([[1, 2]]))]), /"b" expected records of 3073 bytes, as in a, got 3074 bytes/);
  refusedDataset(() => cifarDataset('d', [named('a', cifar([[1]])), named('b', cifar([[1], [10]]))], { classes: 10 }), /"b" expected labels from 0 to 9, got 10 at picture 1/);
  refusedDataset(() => cifarDataset('d', [named('a', cifar([[1, 2], [3, 100]]))]), /"a" expected labels from 0 to 99, got 100 at picture 1/);
  refusedDataset(() => cifarDataset('d', [named('a', cifar([[2]]))], { classNames: ['x', 'y'] }), /labels from 0 to 1, got 2/);
});

test('any bytes are a dataset or a typed error', () => {
  const outcomes = fuzz(600, [cifar([[3], [9]]), cifar([[1]])], ([a, b]) => {
    const set = cifarDataset('fuzzed', [named('a', a!), named('b', b!)], { classes: 10 });
    assert.is(set.images.length, set.count * 3072);
    assert.ok(set.labels.every((label) => label >= 0 && label < 10));
  });
  assert.ok(outcomes.read > 50 && outcomes.refused > 50, JSON.stringify(outcomes));
});

test.run();
