/** Tables line up and leave out what is empty. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatTable } from '../../ts/cli/table.js';
import { bytes, count, decibels, multiplications, percent } from '../../ts/cli/quantities.js';

test('columns are aligned, empty columns vanish', () => {
  const text = formatTable([{ title: 'layer' }, { title: 'note' }, { title: 'dB', align: 'right' }], [['conv1', '', '9.5'], ['a', '', '32.0']]);
  assert.is(text, ['layer    dB', '─────  ────', 'conv1   9.5', 'a      32.0'].join('\n'));
});

test('quantities', () => {
  assert.equal([count(1234567), count(12), bytes(999), bytes(35_400), bytes(1_240_000)], ['1,234,567', '12', '999 B', '35.4 kB', '1.24 MB']);
  assert.equal([multiplications(640), multiplications(903_000), multiplications(1.35e6), percent(0.9534)], ['640', '903 k', '1.35 M', '95.3 %']);
  assert.equal([decibels(Infinity), decibels(NaN), decibels(32.34)], ['exact', '–', '32.3 dB']);
});

test.run();
