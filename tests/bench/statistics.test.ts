/** The figures of `npm run bench:peers` from its samples. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { median, slope, summarize } from '../../bench/peers/statistics.mjs';

const statistics = suite('bench/peers statistics');

statistics('the median is the middle, or the mean of the two in the middle, by size', () => {
  assert.is(median([10, 9, 2]), 9);
  assert.is(median([100, 9, 20, 3]), 14.5);
  assert.is(median([5]), 5);
});

statistics('the median leaves its samples in order', () => {
  const samples = [3, 1, 2];
  median(samples);
  assert.equal(samples, [3, 1, 2]);
});

statistics('no samples have no median', () => {
  assert.throws(() => median([]), /no samples/);
});

statistics('the slope drops what both graphs have in common', () => {
  const [common, operation] = [7, 2];
  assert.is(slope([common + operation], [common + 5 * operation], 5), operation);
});

statistics('one slow run among many changes nothing', () => {
  assert.is(slope([9, 9, 900], [17, 17, 1], 5), 2);
});

statistics('a summary pools the rounds and tells the fastest and slowest', () => {
  const round = (operation: number): object => ({ one: [1 + operation], many: [1 + 5 * operation] });
  assert.equal(summarize([round(2), round(3), round(7)], 5), { milliseconds: 3, fastest: 2, slowest: 7, samples: 3 });
});

statistics('without a longer graph the whole run counts', () => {
  assert.equal(summarize([{ one: [4, 5, 6], many: [] }], 1), { milliseconds: 5, fastest: 5, slowest: 5, samples: 3 });
});

statistics('times that make no sense are refused', () => {
  assert.throws(() => summarize([{ one: [5], many: [4] }], 5), /noisy/);
});

statistics.run();
