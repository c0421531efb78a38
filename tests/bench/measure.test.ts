/** How `npm run bench:peers` takes turns and what it makes of contenders that fail. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { measure, toRows } from '../../bench/peers/measure.mjs';

type Ask = (request: string) => unknown;

const turns = suite('bench/peers turns');

/** A contender whose operation takes `milliseconds`, between 1 ms of other things. */
function contender(name: string, milliseconds: number, log: string[], fail?: string): object {
  const ask: Ask = (request) => {
    log.push(`${name} ${request}`);
    if (request === fail) throw new Error(`${name} cannot ${request}`);
    return request === 'sample' ? { one: [1 + milliseconds], many: [1 + 5 * milliseconds] } : {};
  };
  return { name, version: '1', variant: null, type: 'int8', question: {}, process: { ask: async (request: string) => ask(request) } };
}

const job = (entries: readonly object[]): object => ({ id: 'work', type: 'int8', unit: 'GMAC/s', amount: 12, copies: 5, entries });
const SETTINGS = { rounds: 2, milliseconds: 1 };

turns('contenders alternate, and rows say ours ÷ theirs', async () => {
  const log: string[] = [];
  const work = job([contender('dyadic', 2, log), contender('other', 3, log)]);
  const rows = toRows(work, await measure(work, SETTINGS, () => undefined)) as Record<string, unknown>[];
  assert.equal(log.filter((line) => line.endsWith('sample')), ['dyadic sample', 'other sample', 'dyadic sample', 'other sample']);
  assert.is(rows.length, 1);
  const { id, value, unit, peer, peerValue, ratio } = rows[0] as Record<string, unknown>;
  assert.equal({ id, value, unit, peer, peerValue, ratio }, { id: 'work int8', value: 6, unit: 'GMAC/s', peer: 'other', peerValue: 4, ratio: 1.5 });
});

turns('a contender that gives a wrong answer or ends has an error and no value; the others go on', async () => {
  for (const fail of ['prepare', 'sample']) {
    const said: string[] = [];
    const work = job([contender('dyadic', 2, []), contender('broken', 3, [], fail), contender('other', 3, [])]);
    const rows = toRows(work, await measure(work, SETTINGS, (text: string) => said.push(text))) as Record<string, unknown>[];
    assert.equal(rows.map(({ peer, peerValue, peerVerified, error }) => ({ peer, peerValue, peerVerified, error })), [
      { peer: 'broken', peerValue: undefined, peerVerified: false, error: `broken cannot ${fail}` },
      { peer: 'other', peerValue: 4, peerVerified: true, error: undefined },
    ]);
    assert.equal(said, [`broken: broken cannot ${fail}`]);
  }
});

turns('a contender with two files meets ours twice, each time in the same pass', async () => {
  const log: string[] = [];
  const work = job([contender('dyadic', 2, log), contender('other', 3, log), contender('other', 4, log)]);
  const rows = toRows(work, await measure(work, SETTINGS, () => undefined)) as Record<string, unknown>[];
  assert.equal(rows.map(({ peerValue }) => peerValue), [4, 3]);
  assert.is(log.filter((line) => line === 'dyadic prepare').length, 2);
});

turns.run();
