/** Buffers that live at the same time never share a byte. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALIGNMENT, planMemory, type LiveRange, type MemoryPlan } from '../../ts/session/memory-plan.js';
import { Random } from '../parity/random.js';

const test = suite('memory plan');

function collisions(ranges: readonly LiveRange[], plan: MemoryPlan): string[] {
  return ranges.flatMap((a, i) =>
    ranges.slice(i + 1).flatMap((b, rest) => {
      const j = i + 1 + rest;
      const [from, to] = [plan.offsets[i] as number, plan.offsets[j] as number];
      const inTime = a.first <= b.last && b.first <= a.last;
      const inSpace = from < to + b.bytes && to < from + a.bytes;
      return inTime && inSpace ? [`${i} and ${j}`] : [];
    }),
  );
}

/** The most bytes that live at one step: no plan takes less. */
function peak(ranges: readonly LiveRange[]): number {
  const steps = Math.max(0, ...ranges.map(({ last }) => last + 1));
  return Math.max(0, ...Array.from({ length: steps }, (_, step) => ranges.filter(({ first, last }) => first <= step && step <= last).reduce((sum, { bytes }) => sum + bytes, 0)));
}

test('nothing to plan takes nothing', () => {
  assert.equal(planMemory([]), { offsets: [], bytes: 0 });
});

test('a chain of equal buffers takes two places', () => {
  const ranges = [0, 1, 2, 3].map((step) => ({ bytes: 1000, first: step, last: step + 1 }));
  const plan = planMemory(ranges);
  assert.is(plan.bytes, 2 * 1024);
  assert.equal(collisions(ranges, plan), []);
});

test('a small buffer fits into the gap between two large ones', () => {
  const ranges = [
    { bytes: 256, first: 0, last: 2 },
    { bytes: 192, first: 0, last: 0 },
    { bytes: 192, first: 2, last: 2 },
    { bytes: 128, first: 0, last: 2 },
    { bytes: 64, first: 1, last: 1 },
  ];
  const plan = planMemory(ranges);
  assert.is(plan.bytes, peak(ranges));
  assert.equal(collisions(ranges, plan), []);
});

test('the last step of one and the first of another are one time', () => {
  const plan = planMemory([{ bytes: 64, first: 0, last: 3 }, { bytes: 64, first: 3, last: 5 }]);
  assert.is(new Set(plan.offsets).size, 2);
});

test('400 random networks: aligned, inside the block, no collision, at least the peak', () => {
  const random = new Random(1);
  for (let trial = 0; trial < 400; trial++) {
    const ranges = Array.from({ length: random.integer(1, 30) }, () => {
      const first = random.integer(0, 20);
      return { bytes: random.integer(0, 5000), first, last: first + random.integer(0, 8) };
    });
    const plan = planMemory(ranges);
    assert.equal(collisions(ranges, plan), []);
    assert.ok(plan.offsets.every((offset) => offset % ALIGNMENT === 0));
    assert.ok(ranges.every(({ bytes }, i) => (plan.offsets[i] as number) + bytes <= plan.bytes));
    assert.ok(plan.bytes >= peak(ranges));
    assert.equal(planMemory(ranges), plan, 'the same every time');
  }
});

test('the collision check of this test finds one', () => {
  const ranges = [{ bytes: 100, first: 0, last: 1 }, { bytes: 100, first: 1, last: 2 }];
  assert.is(collisions(ranges, { offsets: [0, 64], bytes: 164 }).length, 1);
});

test.run();
