/** What `npm run bench` and `npm run bench:peers` do after reading their options. */
import { build } from '../../scripts/build.mjs';
import { legend, printRows, save, summary } from './report.mjs';
import { runSuite } from './run-suite.mjs';

export async function benchInference(options, peers, suffix) {
  const log = (text) => process.stderr.write(`${text}\n`);
  build();
  const quiet = options.json ? () => {} : undefined;
  const { rows, skipped, host } = await runSuite(options.jobs, peers, options, {
    log,
    started: quiet ?? ((host, contenders) => console.log(legend(host, contenders))),
    show: quiet ?? printRows,
  });
  if (options.save) log(`saved ${save({ rows, skipped }, host, suffix)}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ rows, skipped })}\n`);
  else if (summary(rows) !== '') console.log(summary(rows));
  if (!rows.some(({ value }) => value !== null)) process.exitCode = 1;
}
