/** Writes files that are either the old one or the new one, whatever happens in between. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DyadicError } from '../errors.js';
import { reasonOf } from './pictures.js';

/**
 * Writes `bytes` beside `path`, brings them to the disk and renames them into place; so a full disk, a crash or a kill leaves the old file as it was.
 *
 * @throws DyadicError ERR_FILE; what was written beside is removed.
 */
export function writeAtomically(path: string, bytes: Uint8Array, op = 'writeAtomically'): void {
  const beside = join(dirname(path), `.${basename(path)}.part`);
  try {
    writeThrough(beside, bytes);
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new DyadicError('ERR_FILE', { op, argument: path, expected: 'a place to write to', received: reasonOf(cause), cause });
  }
  syncFolder(dirname(path));
}

function writeThrough(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The new name reaches the disk with its folder. Windows cannot open folders; there the rename has to do. */
function syncFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // Some file systems refuse this for folders; the file itself is whole either way.
  } finally {
    closeSync(folder);
  }
}
