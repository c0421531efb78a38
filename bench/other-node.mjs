/** Runs the same program in another version of Node, from npm's `node` package. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MissingHost, root, tool } from '../tests/hosts/context.mjs';

/** Whether `--node` names another version than the running one. */
export function isOtherNode(major) {
  return major !== undefined && Number(major) !== Number(process.versions.node.split('.')[0]);
}

/** This process's program and arguments without `--node`; ends with its exit code. */
export function runInNode(major) {
  const args = process.argv.slice(1).filter((argument, i, all) => argument !== '--node' && all[i - 1] !== '--node' && !argument.startsWith('--node='));
  try {
    process.exitCode = spawnSync(install(major), args, { stdio: 'inherit' }).status ?? 1;
  } catch (error) {
    if (!(error instanceof MissingHost)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** The binary; 24 shares the folder of `npm run hosts`. */
function install(major) {
  const cache = join(root, 'tests/.cache/hosts');
  const tools = join(cache, major === '24' ? 'tools' : `node${major}`);
  mkdirSync(tools, { recursive: true });
  return join(tool({ tools, log: (text) => process.stderr.write(`${text}\n`) }, 'node', major), 'bin/node');
}
