/** What the host runners share: where things are, running a program, installing a tool. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** This host is not on this machine; the message says how to get it. */
export class MissingHost extends Error {}

/** Runs a program to its end and returns stdout; an error carries the end of its stderr. */
export function execute(file, args, options = {}) {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26, ...options });
  } catch (error) {
    const output = String(error.stderr ?? '').trim() || String(error.stdout ?? '').trim() || error.message;
    throw new Error(`${file} ${args[0] ?? ''}: ${output.slice(-2000)}`, { cause: error });
  }
}

/**
 * Installs an npm package into the tools folder once, with more `flags` of npm if need be; later runs need no network.
 * @returns the folder of the package
 */
export function tool({ tools, log }, name, version, flags = []) {
  const folder = join(tools, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return folder;
  const manifest = join(tools, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true,"type":"module"}\n');
  const wanted = `${name}@${version}`;
  log(`installing ${wanted} into ${tools}`);
  try {
    execute('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...flags, wanted], { cwd: tools });
  } catch (error) {
    throw new MissingHost(`npm could not install ${wanted}: ${error.message.split('\n')[0]}`);
  }
  return folder;
}
