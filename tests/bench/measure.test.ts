/** How the benchmarks take turns, what a row is, and what becomes of contenders that fail. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { measure } from '../../bench/suite/measure.mjs';
// @ts-expect-error A script without types.
import { gemm } from '../../bench/peers/workloads.mjs';

type Row = Record<string, unknown>;
type Ask = (request: string, question?: { slot?: number; instruction?: string }) => unknown;

const turns = suite('bench turns');

/** A contender whose operations take `milliseconds`, by slot, between 1 ms of other things. */
function contender(name: string, milliseconds: readonly number[], log: string[], fail?: string): object {
  const ask: Ask = (request, { slot = 0, instruction } = {}) => {
    log.push(`${name} ${request}${request === 'peak' ? ` ${instruction}` : ` ${slot}`}`);
    if (request === fail) throw new Error(`${name} cannot ${request}`);
    const time = milliseconds[slot] ?? milliseconds[0] ?? 0;
    if (request === 'peak') return 24;
    return request === 'sample' ? { one: [1 + time], many: [1 + 5 * time] } : { steps: { kernels: ['conv2d'] } };
  };
  return { name, version: '1', variant: null, types: ['f32', 'int8'], host: { flavour: 'relaxed', lowering: 'vpdpbusd' }, process: { ask: async (request: string, question: object) => ask(request, question) } };
}

const shape = { ...(gemm as (m: number, n: number, k: number) => object)(1, 1, 1), macs: 12e6 };
const row = (id: string, type: string): object => ({ id, type, variant: type, aims: [] });
const run = (rows: readonly object[], contenders: readonly object[], log: (text: string) => void = () => undefined): Promise<Row[]> =>
  (measure as (...args: unknown[]) => Promise<Row[]>)({ kind: 'kernel', id: 'gemm/1', shape, rows }, contenders, {}, { rounds: 2, milliseconds: 1 }, log);

turns('rows of ours and all peers alternate; each row has its share of the peak and what it is to every peer', async () => {
  const log: string[] = [];
  const rows = await run([row('4/1', 'int8'), row('4/1/int4', 'int4')], [contender('dyadic', [2, 1], log), contender('litert', [9, 9, 3], log), contender('other', [9, 9, 9, 4], log)]);
  const round = ['dyadic sample 0', 'dyadic sample 1', 'litert sample 2', 'other sample 3'];
  assert.equal(log.filter((line) => line.includes('sample')), [...round, ...round]);
  assert.is(log.filter((line) => line === 'dyadic peak relaxed_dot').length, 2);
  const facts = rows.map(({ id, value, unit, peak, ratio, peer, peerValue, peerRatio, kernels }) => ({ id, value, unit, peak, ratio, peer, peerValue, peerRatio, kernels }));
  const beside = { unit: 'GMAC/s', peak: 24, peer: 'litert', peerValue: 4, kernels: ['conv2d'] };
  assert.equal(facts, [
    { id: '4/1', value: 6, ratio: 0.25, peerRatio: 1.5, ...beside },
    { id: '4/1/int4', value: 12, ratio: 0.5, peerRatio: 3, ...beside },
  ].map(({ id, value, unit, peak, ratio, peer, peerValue, peerRatio, kernels }) => ({ id, value, unit, peak, ratio, peer, peerValue, peerRatio, kernels })));
  assert.equal((rows[0]?.['peers'] as Row[]).map(({ name, value, ratio }) => [name, value, ratio]), [['litert', 4, 1.5], ['other', 3, 2]]);
});

turns('floats are measured by themselves, against the peak of floats, and rows keep their order', async () => {
  const log: string[] = [];
  const rows = await run([row('more/1/f32', 'f32'), row('4/1', 'int8')], [contender('dyadic', [2], log)]);
  assert.equal(rows.map(({ id, peakOf, peer }) => [id, peakOf, peer]), [['more/1/f32', 'f32_mul_add', null], ['4/1', 'relaxed_dot', null]]);
  assert.is(log.filter((line) => line.endsWith('release 0')).length, 2);
});

turns('a contender that gives a wrong answer or ends has an error and no value; the others go on', async () => {
  for (const fail of ['prepare', 'sample']) {
    const said: string[] = [];
    const [only] = await run([row('4/1', 'int8')], [contender('dyadic', [2], []), contender('broken', [3], [], fail), contender('other', [3], [])], (text) => said.push(text));
    assert.equal([only?.['peer'], only?.['peerValue']], ['other', 4]);
    assert.equal((only?.['peers'] as Row[])[0], { name: 'broken', version: '1', variant: null, type: 'int8', value: null, low: undefined, high: undefined, milliseconds: undefined, ratio: null, verified: false, deviation: undefined, error: `broken cannot ${fail}` });
    assert.equal(said, [`broken, gemm/1 int8: broken cannot ${fail}`]);
  }
});

turns('where ours fails the row stays, without a value', async () => {
  const [only] = await run([row('4/1', 'int8')], [contender('dyadic', [2], [], 'prepare'), contender('other', [3], [])]);
  assert.equal([only?.['id'], only?.['value'], only?.['ratio'], only?.['peerValue'], only?.['peerRatio'], only?.['verified']], ['4/1', null, null, 4, null, false]);
});

turns.run();
