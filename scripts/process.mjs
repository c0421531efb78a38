/** Running other programs, and saying what went wrong. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, without a slash at the end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** A step that failed, with what the reader can do about it. */
export class StepError extends Error {
  constructor(what, remedy) {
    super(remedy === undefined ? what : `${what}\n  What to do: ${remedy}`);
  }
}

/** Runs a program and returns { ok, stdout, stderr }; a program that does not exist is not ok. */
export function attempt(program, args, { env = process.env, cwd = ROOT } = {}) {
  const result = spawnSync(program, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  return { ok: result.status === 0, stdout: result.stdout ?? '', stderr: result.stderr ?? String(result.error ?? '') };
}

/** Runs a program and shows what it prints only if it fails; throws a StepError then. */
export function run(program, args, { remedy, ...options } = {}) {
  const result = attempt(program, args, options);
  if (!result.ok) throw new StepError(`${program} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`, remedy);
  return result.stdout;
}

/** Runs `main`, prints a StepError without its stack and sets the exit code: 1, or 2 for a command line that parseArgs refuses. */
export async function mainProgram(main) {
  try {
    await main();
  } catch (error) {
    const isUsage = String(error.code).startsWith('ERR_PARSE_ARGS');
    if (!(error instanceof StepError) && !isUsage) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

/** With --help among the arguments: prints the comment that the program begins with, and ends. */
export function exitOnHelp(url) {
  if (!process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) return;
  const text = /\/\*\*\n([^]*?)\n \*\//.exec(readFileSync(fileURLToPath(url), 'utf8'))?.[1] ?? '';
  process.stdout.write(`${text.replace(/^ \* ?/gm, '').replaceAll('`', '')}\n`);
  process.exit(0);
}

/** One line of progress on stderr, so that stdout stays free for results. */
export function say(step, text) {
  process.stderr.write(`${step.padEnd(18)} ${text}\n`);
}

/** Whether a module is the program that node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1];
}
