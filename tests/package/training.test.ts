/** `dyadic/train` as it is built: one hash after 50 steps in Node 20 and 24, in a page and in a worker. Hosts that are not installed are skipped by name (npm run hosts installs them). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findNode } from '../engines/nodes.mjs';
import { execute, root } from '../hosts/context.mjs';
import { withPage } from '../hosts/run-chromium.mjs';

const hosts = suite('dyadic/train');
const PROBE = join(root, 'tests/hosts/train-node.mjs');
const TOOLS = join(root, 'tests/.cache/hosts/tools');

interface Answer {
  readonly flavour: string;
  readonly hash: string;
  readonly accuracy: number;
  readonly turns: number;
  readonly error?: string;
}

const inNode = (binary: string): Answer => JSON.parse(execute(binary, [PROBE])) as Answer;
const here = inNode(process.execPath);

/** The same bits as here, learned something, and the host got its turns. */
function check({ error, hash, accuracy, turns }: Answer): void {
  assert.is(error, undefined);
  assert.is(hash, here.hash);
  assert.ok(accuracy > 0.9, `${accuracy}`);
  assert.ok(turns >= 5, `${turns} turns`);
}

hosts('this Node', () => check(here));

for (const major of [20, 24] as const) {
  const binary = findNode(major);
  if (binary === process.execPath) continue;
  if (binary === undefined) hosts.skip(`Node ${major} is not installed`, () => undefined);
  else hosts(`Node ${major}`, () => check(inNode(binary)));
}

const hasBrowser = existsSync(join(TOOLS, 'node_modules/playwright-core')) && ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].some((place) => existsSync(place));
const inBrowser = hasBrowser ? hosts : hosts.skip;
inBrowser(`Chromium, in a page and in a worker${hasBrowser ? '' : ' (not installed)'}`, async () => {
  const context = { tools: TOOLS, log: () => undefined };
  const { page, worker } = await withPage(context, root, 'tests/hosts/train.html', async (tab: { waitForFunction: (code: string, argument: null, options: object) => Promise<void>; evaluate: (code: string) => Promise<unknown> }) => {
    await tab.waitForFunction('window.result', null, { timeout: 120_000 });
    return (await tab.evaluate('window.result')) as { page: Answer; worker: Answer };
  });
  check(page);
  check(worker);
});

hosts.run();
