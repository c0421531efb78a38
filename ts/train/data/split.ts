/** A seeded split, for data that comes without a part to test on, or of which only a part is wanted. */
import type { Dataset } from './dataset.js';
import { datasetError } from './dataset-error.js';

/**
 * Two datasets that share no picture: `kept` has the given share of each class (see testPositions), `rest` the others; both in the order of the original.
 * @throws DyadicError ERR_DATASET if either would be empty
 */
export function splitDataset(dataset: Dataset, share: number, seed: number): { readonly kept: Dataset; readonly rest: Dataset } {
  const positions = testPositions(dataset.labels, share, seed);
  const all = Array.from({ length: dataset.count }, (_, i) => i);
  const kept = all.filter((i) => positions.has(i));
  const rest = all.filter((i) => !positions.has(i));
  if (kept.length === 0 || rest.length === 0) throw datasetError(dataset.name, 'a class with two pictures or more, to keep one of for testing', `${dataset.count} pictures in ${dataset.classes} classes`);
  return { kept: pick(dataset, kept), rest: pick(dataset, rest) };
}

function pick(dataset: Dataset, positions: readonly number[]): Dataset {
  const size = dataset.shape[0] * dataset.shape[1] * dataset.shape[2];
  const images = new Uint8Array(positions.length * size);
  positions.forEach((from, to) => images.set(dataset.images.subarray(from * size, (from + 1) * size), to * size));
  return { ...dataset, count: positions.length, images, labels: Int32Array.from(positions, (i) => dataset.labels[i]!) };
}

/**
 * Which of the pictures are kept for testing: of each class the same share, rounded, at least 1 where it has 2 or more. The same labels, share and seed give the
 * same split on every host.
 * @param share of each class, 0 to 1
 */
export function testPositions(labels: ArrayLike<number>, share: number, seed: number): ReadonlySet<number> {
  const classes = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = classes.get(labels[i]!);
    if (members === undefined) classes.set(labels[i]!, [i]);
    else members.push(i);
  }
  const kept = new Set<number>();
  for (const members of classes.values()) {
    const wanted = Math.min(members.length - 1, Math.max(1, Math.round(members.length * share)));
    members.sort((a, b) => rank(a, seed) - rank(b, seed) || a - b);
    for (const position of members.slice(0, Math.max(0, wanted))) kept.add(position);
  }
  return kept;
}

/** MurmurHash3's 32-bit finalizer of position and seed: uniform enough to shuffle by, and nothing to carry along. */
function rank(position: number, seed: number): number {
  let hash = Math.imul(position + 1, 0x9e3779b1) ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
