/** Damaged .onnx bytes give a graph or a DyadicError with a fitting code, never anything else. */
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import { validateGraph } from '../../ts/graph/validate.js';
import { importOnnx } from '../../ts/onnx/import.js';

const models = ([['models/', '.onnx'], ['qdq/', 'u8s4.onnx']] as const).flatMap(([path, ending]) => {
  const folder = new URL(path, import.meta.url);
  return readdirSync(folder).filter((name) => name.endsWith(ending)).sort().map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }));
});
const MUTANTS_PER_MODEL = 80;
const allowed = new Set(['ERR_ONNX_PARSE', 'ERR_ONNX_INVALID', 'ERR_ONNX_UNSUPPORTED', 'ERR_ARGUMENT']);

/** xorshift32: the same mutants on every run. */
function randomSource(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff];

function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  let mutant = Uint8Array.from(bytes);
  for (let left = 1 + random(3); left > 0; left--) {
    const at = random(mutant.length);
    switch (random(6)) {
      case 0: mutant[at] = random(256); break;
      case 1: mutant[at]! ^= 1 << random(8); break;
      case 2: mutant[at] = EDGES[random(EDGES.length)]!; break;
      case 3: mutant = mutant.slice(0, at + 1); break;
      case 4: mutant = Uint8Array.from([...mutant.slice(0, at), ...mutant.slice(at + 1 + random(4))]); break;
      default: mutant = Uint8Array.from([...mutant.slice(0, at), random(256), random(256), ...mutant.slice(at)]);
    }
    if (mutant.length === 0) return mutant;
  }
  return mutant;
}

async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    validateGraph(await importOnnx(bytes));
    return 'imported';
  } catch (error) {
    if (!(error instanceof DyadicError) || !allowed.has(error.code)) throw error;
    return error.code;
  }
}

test('mutated models', async () => {
  const outcomes = new Map<string, number>();
  let count = 0;
  for (const [index, { name, bytes }] of models.entries()) {
    const random = randomSource(0x9e3779b9 ^ (index * 7919));
    for (let i = 0; i < MUTANTS_PER_MODEL; i++, count++) {
      const mutant = mutate(bytes, random);
      try {
        const result = await outcome(mutant);
        outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
      } catch (error) {
        const { code, stack } = error as DyadicError;
        assert.unreachable(`${name}, mutant ${i}: ${code ?? ''} ${stack}`);
      }
    }
  }
  assert.ok(count >= 5000, `${count} mutants`);
  for (const kind of ['imported', 'ERR_ONNX_PARSE', 'ERR_ONNX_INVALID', 'ERR_ONNX_UNSUPPORTED']) assert.ok((outcomes.get(kind) ?? 0) > 50, `${kind}: ${outcomes.get(kind) ?? 0}`);
});

test('every truncation of one model', async () => {
  const { bytes } = models.find(({ name }) => name === 'residual.onnx')!;
  for (let length = 0; length < bytes.length; length++) assert.is.not(await outcome(bytes.subarray(0, length)), 'imported');
});

test.run();
