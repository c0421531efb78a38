/** A worker of a page in Chromium, as a bundler packs it; and how large the bundles are, with training and without. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLERS } from './bundlers.mjs';
import { tool } from './context.mjs';
import { answerOf } from './run-chromium.mjs';

/** Said by fit() alone, so it tells whether the trainer is in a bundle. */
const TRAINER = 'one fit() at a time';

/** @returns version, flavour, hashes and sizes */
export async function runBundled(context, bundler) {
  const [withTraining, alone] = ['bundled', 'inference'].map((entry) => join(context.app, `${bundler}-${entry}`));
  for (const out of [withTraining, alone]) mkdirSync(out);
  const page = await BUNDLERS[bundler](context, 'bundled', withTraining);
  await BUNDLERS[bundler](context, 'inference', alone);
  if (!contents(withTraining).hasTraining) throw new Error(`${bundler}: no training in the bundle of dyadic/train`);
  if (contents(alone).hasTraining) throw new Error(`${bundler}: training in the bundle of somebody who imports dyadic alone`);
  const { version } = JSON.parse(readFileSync(join(tool(context, bundler, 'latest'), 'package.json'), 'utf8'));
  const answer = await answerOf(context, context.app, `${bundler}-bundled/${page}`);
  return { ...answer, version, bundles: { alone: contents(alone), withTraining: contents(withTraining) } };
}

/** Bytes of JavaScript and of wasm below a folder. */
function contents(folder) {
  const files = readdirSync(folder, { recursive: true }).map((name) => ({ name, path: join(folder, name) }));
  const bytes = (ending) => files.filter(({ name }) => name.endsWith(ending)).reduce((sum, { path }) => sum + statSync(path).size, 0);
  const scripts = files.filter(({ name }) => name.endsWith('.js')).map(({ path }) => readFileSync(path, 'utf8'));
  const hasTraining = scripts.some((text) => text.includes(TRAINER)) || files.some(({ name }) => /train-\w+.*\.wasm$/.test(name));
  return { javaScript: bytes('.js'), wasm: bytes('.wasm'), hasTraining };
}
