// 500 centre crops of 256×256 as JPEG; the network sees the middle 224×224.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import jpeg from 'jpeg-js';

const [FROM, SIDE] = [16, 224];

/** The files in order, with their class index from classes.tsv. */
export function listImagenetSample(folder) {
  const classes = new Map();
  for (const line of readFileSync(join(folder, 'classes.tsv'), 'utf8').split('\n')) {
    const [index, wnid] = line.split('\t');
    if (wnid?.startsWith('n')) classes.set(wnid.trim(), Number(index));
  }
  const files = readdirSync(folder).filter((name) => /^n.*\.jpe?g$/i.test(name)).sort();
  return files.map((name) => ({ path: join(folder, name), label: classes.get(/^n\d+/.exec(name)?.[0] ?? '') ?? -1 }));
}

/** Bytes [224][224][3] of one picture. */
export function readCrop(path) {
  const { width, height, data } = jpeg.decode(readFileSync(path), { useTArray: true });
  if (width < FROM + SIDE || height < FROM + SIDE) throw new Error(`${path}: expected at least ${FROM + SIDE}×${FROM + SIDE}, got ${width}×${height}`);
  const bytes = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0, k = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const source = ((y + FROM) * width + x + FROM) * 4;
      for (let c = 0; c < 3; c++) bytes[k++] = data[source + c];
    }
  }
  return bytes;
}
