/** The file is the old one or the new one: also when the disk is full. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeAtomically } from '../../ts/cli/write-atomically.js';
import { errorOf } from '../engine/error-of.js';

const files = suite('writeAtomically');
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
files.before.each(() => void (folder = mkdtempSync(join(tmpdir(), 'dyadic-atomic-'))));
files.after.each(() => rmSync(folder, { recursive: true, force: true }));

files('writes a new file and replaces an old one', () => {
  const path = join(folder, 'a.bin');
  for (const bytes of [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]) {
    writeAtomically(path, bytes);
    assert.equal(new Uint8Array(readFileSync(path)), bytes);
  }
  assert.equal(readdirSync(folder), ['a.bin']);
});

files('a place that cannot be written is ERR_FILE', async () => {
  mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
  for (const path of [join(folder, 'missing', 'a.bin'), join(folder, 'taken')]) {
    const error = await errorOf('ERR_FILE', () => writeAtomically(path, Uint8Array.of(1), 'train'));
    assert.ok(error.message.startsWith('train:') && error.message.includes(path), error.message);
  }
  assert.equal(readdirSync(folder), ['taken']);
});

// A limit on the size of files stands for the full disk: write() fails in the middle of the file.
files('a full disk leaves the old file and nothing else', () => {
  const path = join(folder, 'a.bin');
  writeFileSync(path, 'old');
  const program = `import { writeAtomically } from './ts/cli/write-atomically.ts';
    try { writeAtomically(${JSON.stringify(path)}, new Uint8Array(1 << 20)); } catch (error) { process.stdout.write(error.code); }`;
  const node = `"${process.execPath}" --import tsx --input-type=module`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 64; exec ${node}`], { cwd: ROOT, input: program, encoding: 'utf8' });
  assert.is(stdout, 'ERR_FILE', stderr);
  assert.is(readFileSync(path, 'utf8'), 'old');
  assert.equal(readdirSync(folder), ['a.bin']);
});

files.run();
