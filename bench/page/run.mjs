/**
 * npm run bench:page: the kernels and networks of npm run bench, in headless Chromium. Rows have the same ids and the same shape.
 *
 *   npm run bench:page                          everything: two minutes
 *   npm run bench:page -- --only '^1/|gemm'     rows or groups whose id matches
 *   npm run bench:page -- --json                {"rows":[…]} on stdout, nothing else
 *   npm run bench:page -- --save                also into bench/results/<date>-<cpu>-<host>.json
 *   npm run bench:page -- --picture FILE.png    what the page looks like at the end; --dark: in dark
 *
 * By hand: serve the repository's root and open /bench/page/index.html in any browser.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { exitOnHelp, ROOT } from '../../scripts/process.mjs';
import { MissingHost } from '../../tests/hosts/context.mjs';
import { versionOf, withPage } from '../../tests/hosts/run-chromium.mjs';
import { builtPeak, PEAKS } from '../peak.mjs';
import { hostFacts } from '../suite/host.mjs';
import { printRows, save } from '../suite/report.mjs';

const TIME_LIMIT_MS = 10 * 60_000;

exitOnHelp(import.meta.url);
const log = (text) => process.stderr.write(`${text}\n`);
const options = readOptions();
const tools = join(ROOT, 'tests/.cache/hosts/tools');
mkdirSync(tools, { recursive: true });
build();
for (const instruction of Object.keys(PEAKS)) builtPeak(instruction);
try {
  const answer = await withPage({ tools, log }, ROOT, `bench/page/index.html?only=${encodeURIComponent(options.only)}`, async (page) => {
    if (options.dark) await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForFunction('window.result', null, { timeout: TIME_LIMIT_MS });
    if (options.picture !== undefined) await page.screenshot({ path: options.picture, fullPage: true });
    return { version: await versionOf(page), ...(await page.evaluate('window.result')) };
  });
  report(answer);
} catch (error) {
  if (!(error instanceof MissingHost)) throw error;
  log(error.message);
  process.exitCode = 1;
}

function readOptions() {
  const flag = { type: 'boolean', default: false };
  try {
    const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, json: flag, save: flag, dark: flag, picture: { type: 'string' } } });
    new RegExp(values.only);
    return values;
  } catch (error) {
    log(`bench:page: ${error.message}`);
    return process.exit(2);
  }
}

function report({ version, rows, error }) {
  if (error !== undefined || rows.length === 0) {
    log(`bench:page: ${error ?? 'no row matches --only'}`);
    process.exitCode = 1;
    return;
  }
  const { cpu, arch, date } = hostFacts();
  const host = { host: `chromium ${version}`, engine: 'V8', cpu, arch, date };
  const all = rows.map((row) => ({ ...row, ...host }));
  if (options.save) log(`saved ${save({ rows: all }, host)}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ rows: all })}\n`);
  else {
    console.log(`Chromium ${version}, ${cpu}, flavour ${rows[0].flavour} (${rows[0].lowering}), one thread\n`);
    printRows(all);
  }
}
