/**
 * npm run hosts: packs the package, installs the tarball into an empty folder, and runs one network and one quantization on every
 * host from there. All must give one hash. `-- node20 chromium` runs only those; `-- --json` prints {"rows":[…]} on stdout and nothing else.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MissingHost, root } from '../tests/hosts/context.mjs';
import { installTarball, prepareFiles } from '../tests/hosts/prepare.mjs';
import { runChromium } from '../tests/hosts/run-chromium.mjs';
import { runNode } from '../tests/hosts/run-node.mjs';
import { runWorkerd } from '../tests/hosts/run-workerd.mjs';
import { build } from './build.mjs';
import { exitOnHelp } from './process.mjs';

exitOnHelp(import.meta.url);

const HOSTS = {
  node20: (context) => runNode(context, 20),
  node24: (context) => runNode(context, 24),
  workerd: runWorkerd,
  chromium: runChromium,
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
const differ = new Set(ran.map((row) => row.hash)).size > 1 || new Set(ran.map((row) => row.dyadHash)).size > 1;
if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
else print();
process.exitCode = differ || failed.length > 0 || ran.length === 0 ? 1 : 0;

function print() {
  console.log(`\n${tarball.name}, ${(tarball.size / 1e3).toFixed(0)} kB packed, ${(tarball.unpackedSize / 1e3).toFixed(0)} kB unpacked, ${tarball.entryCount} files\n`);
  const line = (id, version, flavour, hash, dyadHash) => console.log(`${id.padEnd(9)}  ${version.padEnd(14)}  ${flavour.padEnd(8)}  ${hash.padEnd(18)}  ${dyadHash}`.trimEnd());
  line('host', 'version', 'flavour', 'logits (SHA-256)', 'quantized .dyad (SHA-256)');
  for (const row of rows) {
    if (row.missing !== undefined) console.log(`${row.id.padEnd(9)}  missing: ${row.missing}`);
    else if (row.failed !== undefined) console.log(`${row.id.padEnd(9)}  FAILED: ${row.failed}`);
    else line(row.id, row.version, row.flavour, row.hash.slice(0, 16), row.dyadHash.slice(0, 16));
  }
  console.log(differ ? '\nThe hosts do NOT agree.' : `\n${ran.length} of ${rows.length} hosts ran${ran.length > 1 ? ', all with the same bits' : ''}.`);
}
