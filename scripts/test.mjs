/**
 * `npm test`: sets up, builds, then runs the tests of Rust and those of tests/. `npm test -- NAME…` runs only the files of tests/ whose path
 * contains a NAME. Failures are printed in full; the last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ROOT, isMain, say } from './process.mjs';
import { setUp } from './setup.mjs';
import { buildEnvironment } from './toolchain.mjs';

/** A test that hangs is a failure, not a wait. */
const TIME_LIMIT_MS = 20 * 60_000;

/** Runs a program and gives its exit code (null: killed) and all that it printed. */
function output(program, args, env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' }, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT_MS });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.on('error', (error) => resolve({ code: null, text: `${text}${error}` }));
    child.on('close', (code) => resolve({ code, text }));
  });
}

function sum(text, pattern) {
  return [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}

/** A run that failed without saying which test, or ran none, is one failure. */
function atLeastOne({ code }, { passed, failed, skipped }) {
  const isSilent = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: isSilent ? 1 : failed, skipped };
}

function cargoCounts({ text }) {
  return {
    passed: sum(text, /^test result: .*? (\d+) passed/gm),
    failed: sum(text, /^test result: .*? (\d+) failed/gm),
    skipped: sum(text, /^test result: .*? (\d+) ignored/gm),
  };
}

/** uvu counts a skipped test neither in Total nor in Passed. */
function uvuCounts({ text }) {
  const passed = sum(text, /^ {2}Passed: +(\d+)/gm);
  return { passed, failed: sum(text, /^ {2}Total: +(\d+)/gm) - passed, skipped: sum(text, /^ {2}Skipped: +(\d+)/gm) };
}

async function rustTests(env) {
  const result = await output('cargo', ['test', '--workspace', '--no-fail-fast', '--quiet'], env);
  return report('cargo test', result, atLeastOne(result, cargoCounts(result)));
}

async function testFile(file, env) {
  const result = await output(process.execPath, ['--import', './scripts/uvu-errors.mjs', '--import', 'tsx', file], env);
  return report(file, result, atLeastOne(result, uvuCounts(result)));
}

function report(name, { code, text }, count) {
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
  say(count.failed > 0 ? 'FAILED' : 'ok', `${name}: ${count.passed} passed, ${count.failed} failed${skipped}`);
  if (count.failed > 0) process.stdout.write(`\n--- ${name} (exit code ${code}) ---\n${text}\n`);
  return count;
}

function testFiles(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : testFiles(path);
      return entry.name.endsWith('.test.ts') ? [path] : [];
    });
}

/** Runs the files, as many at a time as there are cores. */
async function allFiles(files, env) {
  const waiting = [...files];
  const results = [];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) results.push(await testFile(file, env));
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 8) }, worker));
  return results;
}

async function test(names) {
  setUp();
  build();
  const env = buildEnvironment();
  const files = testFiles('tests').filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
  const results = names.length === 0 ? [await rustTests(env)] : [];
  results.push(...(await allFiles(files, env)));
  const total = (key) => results.reduce((count, result) => count + result[key], 0);
  if (total('skipped') > 0) console.log(`${total('skipped')} skipped`);
  console.log(`${total('passed')} passed, ${total('failed')} failed`);
  if (total('failed') > 0 || total('passed') === 0) process.exitCode = 1;
}

/** When nothing ran, the last line still says so in the form that its readers expect. */
async function main() {
  try {
    await test(process.argv.slice(2));
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${error.message}\n`);
    console.log('0 passed, 1 failed');
  }
}

if (isMain(import.meta.url)) await main();
