/** Hostile .dyad bytes: a DyadicError or a network that round-trips, never anything else. Seeded, so that every run tries the same mutants. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import { decodeDyad, encodeDyad } from '../../ts/integer/dyad.js';
import { Random } from '../parity/random.js';
import { fileOf, fileParts, fileWithHeader, sampleGraph, splitFile } from './sample.js';

const MUTANTS = 6000;
const CODES = new Set(['ERR_DYAD_PARSE', 'ERR_DYAD_INVALID', 'ERR_DYAD_VERSION', 'ERR_ACCUMULATOR']);
const original = encodeDyad(sampleGraph());

/** Numbers that break arithmetic, besides those near the old one. */
const EDGES = [-1, 0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 32767, 32768, -32768, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, 1e308, 0.5, 1e-46];
const JUNK: readonly unknown[] = [null, true, '', 'one', '__proto__', [], {}, [1], [[1]], { length: 3 }];

/** Decodes and returns whether the mutant was accepted. Fails on any other behaviour. */
function isAccepted(mutant: Uint8Array): boolean {
  let graph;
  try {
    graph = decodeDyad(mutant);
  } catch (error) {
    if (!(error instanceof DyadicError)) throw error;
    assert.ok(CODES.has(error.code), error.code);
    return false;
  }
  assert.is(Buffer.compare(encodeDyad(graph), mutant), 0, 'an accepted file does not round-trip');
  return true;
}

/** Counts how many mutants are accepted. */
function fuzz(seed: number, mutate: (random: Random) => Uint8Array): number {
  const random = new Random(seed);
  let accepted = 0;
  for (let i = 0; i < MUTANTS; i++) accepted += Number(isAccepted(mutate(random)));
  return accepted;
}

/** Every place in the JSON: its holder and its key. */
function places(node: unknown): [Record<string, unknown>, string][] {
  if (typeof node !== 'object' || node === null) return [];
  const holder = node as Record<string, unknown>;
  return Object.keys(holder).flatMap((key): [Record<string, unknown>, string][] => [[holder, key], ...places(holder[key])]);
}

function mutateNumber(old: number, random: Random): number {
  switch (random.integer(0, 3)) {
    case 0: return random.pick(EDGES);
    case 1: return old + random.integer(-2, 2);
    case 2: return old * random.pick([-1, 2, 0.5, 1024]);
    default: return random.integer(-20, 40);
  }
}

function mutateJson(json: unknown, random: Random): void {
  const all = places(json);
  const [holder, key] = random.pick(all);
  const old = holder[key];
  if (typeof old === 'number' && !random.oneIn(10)) holder[key] = mutateNumber(old, random);
  else if (random.oneIn(4) && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (random.oneIn(4) && Array.isArray(holder)) holder.push(structuredClone(old));
  else if (random.oneIn(5)) delete holder[key];
  else if (random.oneIn(2)) {
    // Another value from elsewhere: swapped tensors, operations, shapes.
    const [other, otherKey] = random.pick(all);
    holder[key] = structuredClone(other[otherKey]);
  } else holder[key] = random.pick(JUNK);
}

test('bit flips, overwritten and moved bytes, truncation', () => {
  const accepted = fuzz(1, (random) => {
    const mutant = original.slice();
    for (let n = random.integer(1, 3); n > 0; n--) {
      const at = random.integer(0, mutant.length - 1);
      if (random.oneIn(2)) mutant[at] = (mutant[at] ?? 0) ^ (1 << random.integer(0, 7));
      else if (random.oneIn(2)) mutant[at] = random.integer(0, 255);
      else mutant.copyWithin(at, random.integer(0, mutant.length - 1), random.integer(0, mutant.length));
    }
    return random.oneIn(4) ? mutant.subarray(0, random.integer(0, mutant.length)) : mutant;
  });
  // Some flips change a weight or a letter of a name and leave a network.
  assert.ok(accepted > 100 && accepted < MUTANTS / 2, `${accepted} accepted`);
});

test('numbers of the header: offsets, lengths, shapes', () => {
  const { header, data } = splitFile(original);
  const numbers = [...header.matchAll(/\d+/g)].filter(({ index }) => index > header.indexOf('}"},'));
  const accepted = fuzz(2, (random) => {
    const match = random.pick(numbers);
    const text = String(mutateNumber(Number(match[0]), random));
    const mutant = header.slice(0, match.index) + text + header.slice(match.index + match[0].length);
    return mutant === header ? original : fileWithHeader(mutant, data);
  });
  // Only the mutants that happen to be the original.
  assert.ok(accepted > 0 && accepted < MUTANTS / 5, `${accepted} accepted`);
});

test('the graph: numbers, counts, references, keys, swapped parts', () => {
  const { json, tensors } = fileParts();
  const accepted = fuzz(3, (random) => {
    const parts = { json: structuredClone(json), tensors };
    for (let n = random.oneIn(3) ? 2 : 1; n > 0; n--) mutateJson(parts.json, random);
    return fileOf(parts);
  });
  assert.ok(accepted > 100 && accepted < MUTANTS / 2, `${accepted} accepted`);
});

test('the tensors: swapped, resized, at the ends of their types', () => {
  const fresh = fileParts();
  const names = [...fresh.tensors.keys()];
  const accepted = fuzz(4, (random) => {
    const tensors = new Map(fresh.tensors);
    const name = random.pick(names);
    const tensor = tensors.get(name)!;
    const bytes = tensor.bytes.slice();
    switch (random.integer(0, 3)) {
      case 0: tensors.set(name, tensors.get(random.pick(names))!); break;
      case 1: tensors.set(name, { ...tensor, bytes: bytes.subarray(0, random.integer(0, bytes.length)) }); break;
      case 2: tensors.set(name, { ...tensor, bytes: bytes.fill(random.pick([0, 1, 0x7f, 0x80, 0x81, 0xff]), random.integer(0, bytes.length)) }); break;
      default: tensors.set(name, { ...tensor, bytes: bytes.fill(random.integer(0, 255), random.integer(0, bytes.length - 1)) });
    }
    return fileOf({ json: fresh.json, tensors });
  });
  assert.ok(accepted > 100 && accepted < MUTANTS, `${accepted} accepted`);
});

test.run();
