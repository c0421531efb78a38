/** Skips work whose inputs did not change: a hash of the inputs lies in target/stamps beside what was made of them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './process.mjs';

/** All files at or below `paths` (relative to the root), sorted. */
function filesBelow(paths) {
  return paths.flatMap((path) => {
    if (!existsSync(join(ROOT, path))) return [];
    if (!statSync(join(ROOT, path)).isDirectory()) return [path];
    return filesBelow(readdirSync(join(ROOT, path)).sort().map((name) => `${path}/${name}`));
  });
}

function hashOf(paths, settings) {
  const hash = createHash('sha256').update(JSON.stringify(settings ?? null));
  for (const path of filesBelow(paths)) {
    const bytes = readFileSync(join(ROOT, path));
    hash.update(`\n${path} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * Runs `make` unless all `outputs` exist and inputs and settings are those of the last time; says whether it ran. The stamp is removed first,
 * so that an interrupted run is not taken for a finished one.
 */
export function whenChanged(name, { inputs, settings, outputs }, make) {
  const stamp = join(ROOT, 'target', 'stamps', name);
  const hash = hashOf(inputs, settings);
  const isCurrent = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && outputs.every((path) => existsSync(join(ROOT, path)));
  if (isCurrent) return false;
  rmSync(stamp, { force: true });
  make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}
