#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 it failed (the reason on stderr), 2 the command line itself was wrong, 130 stopped by Ctrl-C. */
import { cac } from 'cac';
import { readFileSync } from 'node:fs';
import '../entry/node.js';
import { DyadicError } from '../errors.js';
import { UsageError } from './arguments.js';
import { defineInspect } from './inspect.js';
import { defineQuantize } from './quantize.js';
import { defineRun } from './run.js';
import { restoreSpelling } from './spelling.js';
import { defineTrain } from './train.js';

async function main(argv: readonly string[]): Promise<number> {
  const cli = cac('dyadic');
  defineQuantize(cli);
  defineRun(cli);
  defineTrain(cli);
  defineInspect(cli);
  cli.help();
  cli.version(version());
  const parsed = cli.parse([...argv], { run: false });
  if (parsed.options['help'] || parsed.options['version']) return 0;
  if (cli.matchedCommand === undefined) {
    const name = parsed.args[0];
    throw new UsageError(name === undefined ? 'which command? One of quantize, run, train, inspect' : `no command "${name}"; there are quantize, run, train, inspect`);
  }
  restoreSpelling(argv.slice(2), parsed.options, cli.matchedCommand.options.map(({ names }) => names));
  const code: unknown = await cli.runMatchedCommand();
  return typeof code === 'number' ? code : 0;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** cac throws an error class that it does not export. */
function isUsage(error: unknown): error is Error {
  return error instanceof UsageError || (error instanceof Error && error.name === 'CACError');
}

/** "train" where that was the command: its own help lists its options. */
function helpText(): string {
  const command = ['quantize', 'run', 'train', 'inspect'].find((name) => name === process.argv[2]);
  return ['dyadic', ...(command === undefined ? [] : [command]), '--help'].join(' ');
}

/** A reader that closes its end early, such as head, is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await main(process.argv);
} catch (error) {
  if (isUsage(error)) {
    process.stderr.write(`dyadic: ${error.message}\nTry "${helpText()}".\n`);
    process.exitCode = 2;
  } else if (error instanceof DyadicError) {
    process.stderr.write(`dyadic: ${error.message.replace(/\n|$/, ` [${error.code}]$&`)}\n`); // the code ends the first line: lists may follow
    process.exitCode = 1;
  } else {
    process.stderr.write(`dyadic: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
