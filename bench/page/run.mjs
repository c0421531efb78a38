/**
 * npm run bench:page: the workloads of bench:peers, ours only, in headless Chromium. `-- --only REGEXP`, `-- --json`.
 * By hand: serve the repository's root and open /bench/page/index.html in any browser.
 */
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { ROOT } from '../../scripts/process.mjs';
import { MissingHost } from '../../tests/hosts/context.mjs';
import { versionOf, withPage } from '../../tests/hosts/run-chromium.mjs';

const TIME_LIMIT_MS = 10 * 60_000;

const { values: options } = parseArgs({ options: { only: { type: 'string', default: '' }, json: { type: 'boolean', default: false } } });
const log = (text) => process.stderr.write(`${text}\n`);
const tools = join(ROOT, 'tests/.cache/hosts/tools');
mkdirSync(tools, { recursive: true });
build();
try {
  const host = await withPage({ tools, log }, ROOT, `bench/page/index.html?only=${encodeURIComponent(options.only)}`, async (page) => {
    await page.waitForFunction('window.result', null, { timeout: TIME_LIMIT_MS });
    return { version: await versionOf(page), ...(await page.evaluate('window.result')) };
  });
  report(host);
} catch (error) {
  if (!(error instanceof MissingHost)) throw error;
  log(error.message);
  process.exitCode = 1;
}

function report({ version, rows, error }) {
  if (error !== undefined) {
    log(`bench:page: ${error}`);
    process.exitCode = 1;
    return;
  }
  const host = { host: `Chromium ${version}`, cpu: cpus()[0]?.model.trim() ?? 'unknown' };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ rows: rows.map((row) => ({ ...row, ...host })) })}\n`);
    return;
  }
  console.log(`${host.host}, ${host.cpu}, flavour ${rows[0]?.variant}, one thread\n`);
  for (const { id, value, milliseconds } of rows) console.log(`${id.padEnd(34)}${value.toPrecision(3).padStart(8)} GMAC/s${milliseconds.toFixed(3).padStart(10)} ms   verified`);
}
