/** One version of Node: the running one if it fits, else the one from npm's `node` package. */
import { join } from 'node:path';
import { execute, tool } from './context.mjs';

/** @returns version, flavour and hashes */
export function runNode(context, major) {
  const binary = Number(process.versions.node.split('.')[0]) === major ? process.execPath : join(tool(context, 'node', major), 'bin/node');
  return JSON.parse(execute(binary, ['node-main.js'], { cwd: context.app }));
}
