/**
 * npm run hosts: packs the package, installs the tarball into an empty folder, and on every host from there runs a network, quantizes one, trains one at 4/4/4, compiles it and runs
 * that. All must give the same hashes. `arm64` is Node 24 emulated by qemu, `chromium` a page without a bundler; `esbuild`, `vite` and `webpack` are workers in Chromium, bundled.
 * `-- node20 chromium` runs only those; `-- --json` prints {"rows":[…]} on stdout and nothing else.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MissingHost, root } from '../tests/hosts/context.mjs';
import { installTarball, prepareFiles } from '../tests/hosts/prepare.mjs';
import { runArm64 } from '../tests/hosts/run-arm64.mjs';
import { runBundled } from '../tests/hosts/run-bundled.mjs';
import { runChromium } from '../tests/hosts/run-chromium.mjs';
import { runNode } from '../tests/hosts/run-node.mjs';
import { runWorkerd } from '../tests/hosts/run-workerd.mjs';
import { build } from './build.mjs';
import { exitOnHelp } from './process.mjs';

exitOnHelp(import.meta.url);

const HOSTS = {
  node20: (context) => runNode(context, 20),
  node24: (context) => runNode(context, 24),
  arm64: runArm64,
  workerd: runWorkerd,
  chromium: runChromium,
  esbuild: (context) => runBundled(context, 'esbuild'),
  vite: (context) => runBundled(context, 'vite'),
  webpack: (context) => runBundled(context, 'webpack'),
};

const options = process.argv.slice(2);
const json = options.includes('--json');
const wanted = options.filter((option) => option !== '--json');
const unknown = wanted.find((id) => !(id in HOSTS));
if (unknown !== undefined) {
  process.stderr.write(`hosts: no host "${unknown}"; there are ${Object.keys(HOSTS).join(', ')}\n`);
  process.exit(2);
}

const cache = join(root, 'tests/.cache/hosts');
const context = { cache, app: join(cache, 'app'), tools: join(cache, 'tools'), log: (text) => process.stderr.write(`${text}\n`) };
rmSync(context.app, { recursive: true, force: true });
mkdirSync(context.app, { recursive: true });
mkdirSync(context.tools, { recursive: true });

build();
const tarball = installTarball(context);
await prepareFiles(context);
const rows = [];
for (const [id, run] of Object.entries(HOSTS)) {
  if (wanted.length > 0 && !wanted.includes(id)) continue;
  context.log(`${id} …`);
  try {
    rows.push({ id, ...(await run(context)) });
  } catch (error) {
    rows.push(error instanceof MissingHost ? { id, missing: error.message } : { id, failed: error.message });
  }
}

const ran = rows.filter((row) => row.hash !== undefined);
const failed = rows.filter((row) => row.failed !== undefined);
const bits = ({ hash, dyadHash, trained }) => JSON.stringify([hash, dyadHash, trained]);
const differ = new Set(ran.map(bits)).size > 1;
const hasLearned = ran.every(({ trained }) => trained.accuracy > 0.6);
if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
else print();
process.exitCode = differ || !hasLearned || failed.length > 0 || ran.length === 0 ? 1 : 0;

function print() {
  console.log(`\n${tarball.name}, ${(tarball.size / 1e3).toFixed(0)} kB packed, ${(tarball.unpackedSize / 1e3).toFixed(0)} kB unpacked, ${tarball.entryCount} files`);
  const line = (...cells) => console.log(cells.map((cell, i) => cell.padEnd([9, 15, 8, 18, 18][i] ?? 0)).join('  ').trimEnd());
  console.log('\nThe example in W8A8, and quantized to W4A8 on the host');
  line('host', 'version', 'flavour', 'logits (SHA-256)', 'quantized .dyad (SHA-256)');
  for (const row of rows) {
    if (row.missing !== undefined) console.log(`${row.id.padEnd(9)}  missing: ${row.missing}`);
    else if (row.failed !== undefined) console.log(`${row.id.padEnd(9)}  FAILED: ${row.failed}`);
    else line(row.id, row.version, row.flavour, row.hash.slice(0, 16), row.dyadHash.slice(0, 16));
  }
  console.log('\nTrained on the host at 4/4/4 for one epoch of the example, compiled and run there');
  line('host', '', 'accuracy', 'after 50 steps', 'trained .dyad', 'its logits');
  for (const { id, trained: { accuracy, checkpoint, dyad, logits } } of ran) line(id, '', `${(100 * accuracy).toFixed(1)} %`, checkpoint.slice(0, 16), dyad.slice(0, 16), logits.slice(0, 16));
  printBundles(ran.filter(({ bundles }) => bundles !== undefined));
  if (!hasLearned) console.log('\nThe network has NOT learned.');
  console.log(differ ? '\nThe hosts do NOT agree.' : `\n${ran.length} of ${rows.length} hosts ran${ran.length > 1 ? ', all with the same bits' : ''}.`);
}

function printBundles(bundled) {
  if (bundled.length === 0) return;
  console.log('\nBundles in kB, minified: JavaScript + all flavours of wasm, of which a page loads one');
  const size = ({ javaScript, wasm }) => `${(javaScript / 1e3).toFixed(0)} + ${(wasm / 1e3).toFixed(0)}`;
  for (const { id, bundles } of bundled) console.log(`${id.padEnd(9)}  dyadic alone ${size(bundles.alone).padEnd(12)}  with dyadic/train ${size(bundles.withTraining)}`);
}
