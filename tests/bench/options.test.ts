/** The command line of the benchmarks: shapes of one's own, and errors that name the option, what was expected and what came. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { OptionError } from '../../bench/suite/option-error.mjs';
// @ts-expect-error A script without types.
import { checked } from '../../bench/suite/options.mjs';

interface Job {
  readonly id: string;
  readonly shape: { readonly inC: number; readonly outC: number; readonly outH: number; readonly outW: number; readonly groups: number; readonly macs: number; readonly pads: readonly number[] };
  readonly rows: readonly { readonly id: string; readonly type: string; readonly memory: string }[];
}

const DEFAULTS = { rounds: 7, milliseconds: 40 };
const parse = (values: object): { jobs: Job[]; rounds: number } => (checked as (values: object, defaults: object) => { jobs: Job[]; rounds: number })({ only: '', flavour: 'auto', ...values }, DEFAULTS);
const options = suite('bench options');

options('without a shape: the suite', () => {
  const { jobs, rounds } = parse({});
  assert.ok(jobs.length > 20);
  assert.is(rounds, 7);
});

options('a convolution: 3×3, stride 1, as many channels out, int8 and int4, unless said otherwise', () => {
  const [job] = parse({ conv: '64x56x28' }).jobs;
  assert.equal([job?.id, job?.rows.map(({ id, memory }) => [id, memory])], ['own-3x3/64x56x28', [['own-3x3/64x56x28/int8', 'balanced'], ['own-3x3/64x56x28/int4', 'balanced']]]);
  assert.is(job?.shape.macs, 56 * 28 * 64 * 64 * 9);
  const [other] = parse({ conv: '64×57×28', out: '128', window: '5', stride: '2', type: 'w8a8,n8', memory: 'fast' }).jobs;
  assert.equal([other?.shape.outC, other?.shape.outH, other?.shape.outW, other?.shape.pads], [128, 29, 14, [2, 1, 2, 2]]);
  assert.equal(other?.rows.map(({ type, memory }) => [type, memory]), [['int8', 'fast'], ['n8', 'fast']]);
  assert.is(parse({ conv: '96x28x28', groups: 'depthwise' }).jobs[0]?.shape.groups, 96);
});

options('a product', () => {
  const [job] = parse({ gemm: '10x20x30', type: 'all' }).jobs;
  assert.is(job?.shape.macs, 6000);
  assert.equal(job?.rows.map(({ type }) => type), ['f32', 'n8', 'int8', 's8', 'w4a8', 'int4']);
});

for (const [option, values] of [
  ['conv', { conv: '64x56' }], ['conv', { conv: '64x56x5.5' }], ['conv', { conv: '0x56x56' }], ['conv', { conv: '0x5x56x56' }], ['conv', { conv: '99999x1x1' }], ['conv', { conv: '4096x1000x1000' }],
  ['gemm', { gemm: 'a' }], ['gemm', { conv: '1x1x1', gemm: '1x1x1' }], ['out', { conv: '8x8x8', out: '-1' }], ['out', { gemm: '8x8x8', out: '4' }], ['window', { conv: '8x8x8', window: '0' }],
  ['stride', { conv: '8x8x8', stride: 'two' }], ['groups', { conv: '8x8x8', groups: '3' }], ['groups', { conv: '8x8x8', out: '12', groups: 'depthwise' }], ['type', { conv: '8x8x8', type: 'int16' }],
  ['memory', { conv: '8x8x8', memory: 'huge' }], ['memory', { memory: 'fast' }], ['only', { only: '(' }], ['only', { only: 'nothing like it' }], ['only', { only: 'gemm', conv: '8x8x8' }],
  ['flavour', { flavour: 'avx' }], ['rounds', { rounds: '0' }], ['milliseconds', { milliseconds: '1e99' }], ['node', { node: 'lts' }],
] as const) {
  options(`${JSON.stringify(values)} is refused by its name`, () => {
    try {
      parse(values);
      assert.unreachable('accepted');
    } catch (error) {
      assert.instance(error, OptionError);
      assert.match((error as Error).message, new RegExp(`^--${option}: expected .+, received ".*"$`));
    }
  });
}

options.run();
