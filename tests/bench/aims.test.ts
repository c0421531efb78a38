/** What rows have to reach: every row of the table is there, and a miss is called one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { atLeast, atMost, judged, mainPeer } from '../../bench/suite/aims.mjs';
// @ts-expect-error A script without types.
import { rowLine, summary } from '../../bench/suite/report.mjs';
// @ts-expect-error A script without types.
import { FACTS, SUITE, select } from '../../bench/suite/rows.mjs';

interface Verdict {
  readonly reach: string;
  readonly got: number | null;
  readonly reached: boolean | null;
  readonly because?: string;
}
type Judge = (row: object, aims: readonly object[], find: (id: string) => object | undefined, host: object) => { aims: Verdict[]; reached: boolean | null };

const judge = judged as Judge;
const AMD24 = { nodeMajor: 24, cpu: 'AMD EPYC' };
const peers = [{ name: 'litert', value: 100 }, { name: 'onnxruntime-web', value: 40 }, { name: 'onnxruntime-node', value: 900 }];
const row = { id: '1/a', value: 150, unit: 'GMAC/s', peak: 120, peakOf: 'relaxed_dot', peerType: 'int8', peers };
const nobody = (): undefined => undefined;
const aims = suite('bench aims');

const verdictOf = (aim: object, host: object = AMD24, find: (id: string) => object | undefined = nobody): Verdict | undefined => judge(row, [aim], find, host).aims[0];

aims('every row of the table exists, and no id twice', () => {
  const rows = (SUITE as { rows: { id: string; number: number | string }[] }[]).flatMap((job) => job.rows);
  const ids = rows.map(({ id }) => id);
  assert.is(new Set(ids).size, ids.length);
  for (let number = 1; number <= 13; number++) assert.ok(ids.some((id) => id.startsWith(`${number}/`)), `row ${number}`);
  for (const { id, number } of rows) assert.ok(id.startsWith(`${number}/`), id);
  for (const id of ['1/64x56x56', '1/512x7x7', '2/256x14x14/fast', '3/1024x1024x1024/w4a8', '4/512x512x512', '5/64x56x56-256/int4', '6/144x56x56-s2', '7/3x224x224-32-s2', '9/resnet18/int4', '10/squeezenet', '12/cold-start', '13/compact/int4']) assert.ok(ids.includes(id), id);
  assert.ok((FACTS as { rows: { work: string; unit: string }[] }[]).every((job) => job.rows.every(({ work, unit }) => work !== '' && unit !== '')));
});

aims('a factor is reached at it and missed below it', () => {
  assert.equal(verdictOf(atLeast(1.5, 'litert')), { reach: '≥ 1.5 × LiteRT int8', got: 1.5, reached: true });
  assert.is(verdictOf(atLeast(1.51, 'litert'))?.reached, false);
  assert.equal(verdictOf(atLeast(1.3, 'peak')), { reach: '≥ 1.3 × peak of relaxed_dot', got: 1.25, reached: false });
  assert.is(verdictOf(atLeast(1.5, 'best'))?.got, 1.5);
  assert.equal(judge({ ...row, unit: 'KB', value: 60.1 }, [atMost(60)], nobody, AMD24).aims, [{ reach: '≤ 60 KB', got: 60.1, reached: false }]);
});

aims('aims are for a version of Node, and some differ on Intel', () => {
  assert.is(verdictOf(atLeast(1.2, 'litert', { on: 20 })), undefined);
  assert.is(verdictOf(atLeast(1.2, 'peak', { on: 24, intel: 1.8 }))?.reached, true);
  assert.equal(verdictOf(atLeast(1.2, 'peak', { on: 24, intel: 1.8 }), { nodeMajor: 24, cpu: 'Intel Xeon' }), { reach: '≥ 1.8 × peak of relaxed_dot', got: 1.25, reached: false });
});

aims('other rows are compared with, ours or a peer there', () => {
  const find = (id: string): object | undefined => (id === '4/b' ? { value: 200, peers: [{ name: 'onnxruntime-web', value: 10 }] } : undefined);
  assert.equal(verdictOf(atLeast(0.8, { row: '4/b' }), AMD24, find), { reach: '≥ 0.8 × row 4/b', got: 0.75, reached: false });
  assert.is(verdictOf(atLeast(8, { row: '4/b', peer: 'onnxruntime-web' }), AMD24, find)?.got, 15);
});

aims('what this run cannot judge is no miss, and says why', () => {
  const alone = judge({ ...row, peers: [] }, [atLeast(2, 'litert'), atLeast(2, 'best')], nobody, AMD24);
  assert.is(alone.reached, null);
  assert.equal(alone.aims.map(({ reached, because }) => [reached, because]), [[null, 'not in this run: npm run bench:peers'], [null, 'not in this run: npm run bench:peers']]);
  // The better of two is unknown while one is missing.
  assert.is(judge({ ...row, peers: [{ name: 'litert', value: 100 }, { name: 'onnxruntime-web', value: null }] }, [atLeast(1, 'best')], nobody, AMD24).reached, null);
  assert.is(judge({ ...row, value: null }, [atLeast(1, 'litert')], nobody, AMD24).aims[0]?.because, 'not measured');
  assert.is(verdictOf(atLeast(1, { row: '4/b' }))?.because, 'that row is not in this run');
});

aims('a row is reached only if all its known aims are', () => {
  assert.is(judge(row, [atLeast(1.5, 'litert'), atLeast(1.3, 'peak')], nobody, AMD24).reached, false);
  assert.is(judge(row, [atLeast(1.5, 'litert'), atLeast(1, { row: 'x' })], nobody, AMD24).reached, true);
});

aims('the peer shown is the one that aims name, else the fastest in the web', () => {
  const main = mainPeer as (list: readonly object[], of: readonly object[]) => { name: string } | null;
  assert.is(main(peers, [atLeast(1.2, 'onnxruntime-web')])?.name, 'onnxruntime-web');
  assert.is(main(peers, [atLeast(1.2, 'best')])?.name, 'litert');
  assert.is(main(peers, [])?.name, 'litert');
  assert.is(main([{ name: 'litert', value: null }, { name: 'tfjs', value: 3 }], [])?.name, 'tfjs');
  assert.is(main([], []), null);
});

aims('missed rows are in the summary, rows without a figure are printed', () => {
  const missed = { id: '1/a', aims: [{ reached: false }], reached: false };
  const met = { id: '2/a', aims: [{ reached: true }, { reached: null }], reached: true };
  assert.is((summary as (rows: object[]) => string)([missed, met]), '\n1 of 2 aims for this host reached; 1 need what this run did not measure\nmissed: 1/a');
  assert.match((rowLine as (row: object) => string)({ id: '10/squeezenet', value: null, missing: 'model.onnx is not there' }), /10\/squeezenet +not measured: model.onnx is not there/);
});

aims('--only picks rows, or all rows of a group', () => {
  const ids = (only: RegExp): string[] => (select as (all: object[], only: RegExp) => { rows: { id: string }[] }[])(SUITE as object[], only).flatMap(({ rows }) => rows.map(({ id }) => id));
  assert.equal(ids(/^1\/64/), ['1/64x56x56']);
  assert.ok(ids(/^stem/).includes('7/3x224x224-32-s2'));
  assert.equal(ids(/nothing/), []);
});

aims.run();
