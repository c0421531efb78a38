/**
 * npm run engines: what the flavour `relaxed` is on Node 20, 22 and 24 with the switches of V8 that change it. Installs the versions that are missing.
 * The tests in tests/engines then run instead of being skipped. `-- --json` prints {"rows":[…]} on stdout and nothing else.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MissingHost, root } from '../tests/hosts/context.mjs';
import { SWITCHES, installNode } from '../tests/engines/nodes.mjs';
import { probe } from '../tests/engines/probe.mjs';
import { build } from './build.mjs';
import { isMain, mainProgram } from './process.mjs';

function ask(major) {
  mkdirSync(join(root, 'tests/.cache/hosts', major === 24 ? 'tools' : `node${major}`), { recursive: true });
  const log = (text) => process.stderr.write(`${text}\n`);
  try {
    const binary = installNode(major, log);
    return SWITCHES[major].map((flag) => ({ id: `node${major}${flag === '' ? '' : ` ${flag}`}`, ...probe(binary, flag) }));
  } catch (error) {
    if (!(error instanceof MissingHost)) throw error;
    return [{ id: `node${major}`, missing: error.message }];
  }
}

function print({ id, auto, relaxed, refusal, missing }) {
  if (missing !== undefined) console.log(`${id.padEnd(42)}  ${missing}`);
  else console.log(`${id.padEnd(42)}  auto ${auto.padEnd(8)}  relaxed ${relaxed}${refusal === '' ? '' : `: ${refusal}`}`);
}

function engines(json) {
  build({ javaScript: false });
  const rows = Object.keys(SWITCHES).flatMap((major) => ask(Number(major)));
  if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
  else rows.forEach(print);
}

if (isMain(import.meta.url)) await mainProgram(() => engines(process.argv.includes('--json')));
