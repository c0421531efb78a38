/** The rows of `npm run bench -- --only train`: the same shape as the others', with the aims of training. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { judged } from '../../bench/suite/aims.mjs';
// @ts-expect-error A script without types.
import { trains } from '../../bench/train/losses.mjs';
// @ts-expect-error A script without types.
import { FACTS, TRAININGS, factRow, gradientRow, trainingRow } from '../../bench/train/rows.mjs';

interface Made {
  readonly row: Record<string, unknown>;
  readonly aims: readonly object[];
}

const rows = suite('bench train rows');
const turn = (milliseconds: number, more: object = {}): object[] => [{ milliseconds: [milliseconds], version: '2', ...more }];
const turns = new Map<string, object[]>([
  ...(TRAININGS as { workload: string }[]).map(({ workload }): [string, object[]] => [workload, turn(workload.endsWith('int4') ? 100 : 300, { convolutions: 0.55, policy: 0.01, activationBytes: 2 ** 20 })]),
  ['pytorch', turn(200)],
]);
const kernels = { peak: 100, rows: [{ shape: '8×32×32, 16 → 16', gmacs: 119, milliseconds: 1 }, { shape: '8×8×8, 64 → 64', gmacs: 160, milliseconds: 1 }] };
const all = [
  ...(TRAININGS as object[]).map((one) => (trainingRow as (row: object, from: typeof turns) => Made)(one, turns)),
  ...(gradientRow as (found: object) => Made[])(kernels),
  ...(FACTS as object[]).map((one) => (factRow as (row: object, from: typeof turns) => Made)(one, turns)),
];
const found = (id: string): Made => all.find(({ row }) => row['id'] === id) as Made;
const verdicts = (id: string): unknown[] => {
  const { row, aims } = found(id);
  return (judged as (...args: unknown[]) => { aims: { reach: string; reached: boolean | null }[] })(row, aims, () => undefined, { nodeMajor: 24, cpu: 'AMD' }).aims.map(({ reach, reached }) => [reach, reached]);
};

rows('all rows of the table are there, once', () => {
  const ids = all.map(({ row }) => row['id'] as string);
  assert.is(new Set(ids).size, ids.length);
  for (const number of ['t1', 't2', 't3', 't4', 't5']) assert.ok(ids.some((id) => id.startsWith(`${number}/`)), number);
  for (const { row } of all) for (const key of ['id', 'value', 'unit', 'peak', 'ratio', 'peer', 'peerValue', 'peerRatio', 'peers']) assert.ok(key in row, `${row['id']} ${key}`);
});

rows('a step is images a second, beside the peer that was there', () => {
  const { row } = found('t1/resnet20');
  assert.equal([row['value'], row['unit'], row['milliseconds'], row['peer'], row['peerValue'], row['peerRatio']], [1280, 'images/s', 100, 'pytorch', 640, 2]);
  assert.equal(verdicts('t1/resnet20'), [['≥ 1.5 × PyTorch f32', true]]);
  assert.equal(found('t3/cnn').row['peers'], []);
  assert.equal(verdicts('t3/cnn'), [['≥ 20 × TensorFlow.js', null]]);
});

rows('weight gradients are shares of the peak; one that was not timed stays, with the reason', () => {
  assert.equal(verdicts('t2/16x32x32'), [['≥ 1.2 × peak of relaxed_dot', false]]);
  assert.equal(verdicts('t2/64x8x8'), [['≥ 1.6 × peak of relaxed_dot', true]]);
  assert.equal([found('t2/32x16x16').row['value'], found('t2/32x16x16').row['missing']], [null, 'not timed']);
  assert.is((gradientRow as (none: object) => Made[])({ peak: null, rows: [], missing: 'no relaxed SIMD here' })[0]?.row['missing'], 'no relaxed SIMD here');
});

rows('facts', () => {
  assert.is(Math.round(found('t4/resnet20').row['value'] as number), 45);
  assert.equal(verdicts('t5/resnet20'), [['≤ 2 %', true]]);
  assert.is(found('more/resnet20/int4').row['value'], 3);
});

rows('a loss must fall in a run of eight steps and more, and be a number in every run', () => {
  const check = trains as (first: number, last: number, steps: string) => boolean;
  assert.equal([check(2, 1, '8'), check(1, 2, '8'), check(1, 2, '3'), check(1, NaN, '3'), check(NaN, 1, '8')], [true, false, true, false, false]);
});

rows.run();
