/** The windows of SPEC 3.4 against the text of the clause, tap by tap, and at sizes at which nothing may be listed one by one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { everyWindowReads, isPoolSize, windowCount, windowElements, type WindowAxis } from '../../ts/integer/window.js';

const test = suite('window');

/** Input positions of the taps of one window. */
function taps({ kernel, stride, dilation, before }: WindowAxis, window: number): number[] {
  return Array.from({ length: kernel }, (_, tap) => window * stride - before + tap * dilation);
}

function* axes(dilations: readonly number[]): Generator<WindowAxis> {
  for (const input of [1, 2, 3, 5, 7])
    for (const kernel of [1, 2, 3, 4])
      for (const stride of [1, 2, 3, 5])
        for (const dilation of dilations)
          for (const before of [0, 1, 2, 4, 9]) for (const after of [0, 1, 5]) yield { input, kernel, stride, dilation, before, after };
}

test('every window reads', () => {
  let [reads, misses] = [0, 0];
  for (const axis of axes([1, 2, 3, 4, 6, 10])) {
    const output = windowCount(axis);
    if (output < 1) continue;
    const expected = Array.from({ length: output }, (_, i) => taps(axis, i)).every((positions) => positions.some((p) => p >= 0 && p < axis.input));
    assert.is(everyWindowReads(axis, output), expected, JSON.stringify(axis));
    if (expected) reads++;
    else misses++;
  }
  assert.ok(reads > 1000 && misses > 1000, `${reads} ${misses}`);
});

test('elements that an average pool counts', () => {
  let zeros = 0;
  for (const axis of axes([1])) {
    for (const output of [windowCount(axis), windowCount(axis) + 1]) {
      if (!isPoolSize(axis, output)) continue;
      for (const includePad of [false, true]) {
        const [low, high] = includePad ? [-axis.before, axis.input + axis.after] : [0, axis.input];
        const expected = new Set(Array.from({ length: output }, (_, i) => taps(axis, i).filter((p) => p >= low && p < high).length));
        const counts = windowElements(axis, output, includePad);
        if (expected.has(0)) {
          zeros++;
          assert.ok(counts.has(0), JSON.stringify(axis));
        } else assert.equal([...counts].sort(), [...expected].sort(), JSON.stringify({ axis, output, includePad }));
      }
    }
  }
  assert.ok(zeros > 100, String(zeros));
});

test('the sizes that a pool may have', () => {
  let ceils = 0;
  for (const axis of axes([1, 2])) {
    const floor = windowCount(axis);
    const end = axis.input + axis.before + axis.after;
    // One more window than fits: only where elements are left over, and only if it starts inside the input or its leading padding.
    const isLeft = (floor - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 < end;
    const expected = [floor, ...(isLeft && floor * axis.stride - axis.before < axis.input ? [floor + 1] : [])].filter((size) => size >= 1);
    if (expected.length > 1) ceils++;
    assert.equal([-1, 0, 1, 2].map((more) => floor + more).filter((size) => isPoolSize(axis, size)), expected, JSON.stringify(axis));
  }
  assert.ok(ceils > 300, String(ceils));
});

test('the largest axes of SPEC 6.2', () => {
  const most = 2 ** 24;
  const large = { input: most, kernel: most, stride: 1, dilation: 1, before: most - 1, after: 0 };
  assert.is(windowElements(large, most, false, 2).size, 3, 'no more than asked for');
  assert.equal([...windowElements({ ...large, kernel: 3, before: 1, after: 1 }, most, false)], [2, 3]);
  assert.equal([...windowElements({ ...large, kernel: 5, before: most, after: most }, most, false)], [0]);
  // Steps of 2^24: the window that starts at −1 finds its first tap in 0.. at 2^24 − 1.
  const gaps = { input: most - 1, kernel: 3, dilation: most, before: most, after: most };
  assert.not(everyWindowReads({ ...gaps, stride: 1 }, most));
  assert.ok(everyWindowReads({ ...gaps, stride: 1 }, most - 1));
  assert.ok(everyWindowReads({ ...gaps, stride: 2 }, most));
  assert.not(everyWindowReads({ input: 3, kernel: 3, stride: 7, dilation: most - 1, before: most, after: most }, 2 ** 20));
});

test.run();
