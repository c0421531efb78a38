/** The versions of Node that the flavour `relaxed` is tried on, and the switches of V8 that change what its instruction does. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, tool } from '../hosts/context.mjs';

/** Switches by major version; '' runs the engine as it is. */
export const SWITCHES = {
  20: ['', '--experimental-wasm-relaxed-simd'],
  22: ['', '--liftoff-only', '--no-liftoff', '--no-enable-avx'],
  24: ['', '--no-enable-avx-vnni', '--no-enable-avx2', '--no-enable-avx', '--liftoff-only', '--no-liftoff', '--no-enable-sse4-1'],
};

/** The folder that `npm run hosts` and `npm run bench -- --node` install into too. */
function folder(major) {
  return join(root, 'tests/.cache/hosts', major === 24 ? 'tools' : `node${major}`);
}

/** The binary of a version: this process, or what was installed before; undefined if neither. */
export function findNode(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const binary = join(folder(major), 'node_modules/node/bin/node');
  return existsSync(binary) ? binary : undefined;
}

/** The same, installed from npm if it is missing. Throws MissingHost. */
export function installNode(major, log) {
  return findNode(major) ?? join(tool({ tools: folder(major), log }, 'node', String(major)), 'bin/node');
}
