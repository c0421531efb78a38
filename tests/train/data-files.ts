/** Files of training data made in tests, and what damages them. */
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';

/** An IDX file of bytes. */
export function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + data.length);
  file.set([0, 0, 8, shape.length]);
  const view = new DataView(file.buffer);
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  file.set(data, 4 + 4 * shape.length);
  return file;
}

/** CIFAR records: label bytes, then planes where pixel (c, p) of record i is i + 3·p + 71·c, mod 256. */
export function cifar(labels: readonly (readonly number[])[]): Uint8Array {
  const records = labels.map((label, i) => [...label, ...Array.from({ length: 3072 }, (_, k) => (i + 3 * (k & 1023) + 71 * (k >> 10)) & 255)]);
  return Uint8Array.from(records.flat());
}

export function refusedDataset(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error: unknown) => {
    if (!(error instanceof DyadicError)) throw error;
    assert.is(error.code, 'ERR_DATASET');
    assert.match(error.message, message);
    return true;
  });
}

/** Numbers from 0 to 2^32 − 1, the same in every run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
  };
}

/** Damages the files in `rounds` ways (bytes changed, cut, added) and reads them; anything but a result or ERR_DATASET is thrown on. */
export function fuzz(rounds: number, files: readonly Uint8Array[], read: (files: Uint8Array[]) => void): { read: number; refused: number } {
  const random = generator(7);
  const outcomes = { read: 0, refused: 0 };
  for (let round = 0; round < rounds; round++) {
    try {
      read(files.map((file) => damage(file, random)));
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof DyadicError && error.code === 'ERR_DATASET')) throw error;
      outcomes.refused++;
    }
  }
  return outcomes;
}

function damage(file: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(file);
  for (let changes = random() % 3; changes > 0; changes--) {
    const head = random() % 2 === 0 ? Math.min(20, copy.length) : copy.length; // headers are small: half of the changes go there
    copy[random() % head] = random() % 4 === 0 ? random() : random() % 6;
  }
  const kind = random() % 8;
  if (kind === 0) return copy.subarray(0, random() % (copy.length + 1));
  return kind === 1 ? Uint8Array.of(...copy, 1, 2, 3) : copy;
}
