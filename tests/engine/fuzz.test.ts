/** Nothing that a step table can hold reaches a trap: seeded random parameters, most of them nearly right. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import type { Engine } from '../../ts/wasm/engine.js';
import { KERNELS, type KernelName } from '../../ts/wasm/params.js';
import { FLAVOURS, engineOf } from './flavours.js';
import { runWords } from './run-kernel.js';

const fuzz = suite('fuzz');
const ROUNDS = 4000;
const EXTREMES = [-1, 0, 1, 2, 127, 128, 255, 256, 65_535, 65_536, 1 << 24, (1 << 24) + 1, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 ≤ result < limit. */
  next(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }
}

/** A plausible number for a field of this name; addresses lie in `arena` or just past its end. */
function plausible(random: Random, field: string, arena: number, length: number): number {
  if (/offset$/i.test(field)) return random.next(8) === 0 ? arena + length - random.next(64) : arena + 4 * random.next(length / 4);
  if (/container|form/i.test(field)) return random.next(3);
  if (/zeroPoint/i.test(field)) return random.next(3);
  if (/elementBytes/i.test(field)) return random.pick([1, 2, 4]);
  if (/^lo$|Lo$/.test(field)) return 0;
  if (/^hi$|Hi$/.test(field)) return 127;
  if (/multiplier$/i.test(field)) return 1 + random.next(32_767);
  if (/shift/i.test(field)) return random.pick([0, 1, 7, 22, 33, 62]);
  if (/stride|kernel|dilation|groups/i.test(field)) return 1 + random.next(3);
  if (/pad|left|batch/i.test(field)) return random.next(3);
  return random.next(20);
}

function words(random: Random, kernel: KernelName, arena: number, length: number): Int32Array {
  const damage = random.next(3);
  return Int32Array.from(KERNELS[kernel].fields as readonly string[], (field) => {
    if (damage > 0 && random.next(12) < damage) return random.next(3) === 0 ? random.pick(EXTREMES) : random.next(2 ** 32) | 0;
    return plausible(random, field, arena, length);
  });
}

/** Whether the step ran; a refusal is fine, everything else is not. */
function runs(engine: Engine, kernel: KernelName, params: Int32Array): boolean {
  try {
    runWords(engine, KERNELS[kernel].id, params, KERNELS[kernel].float);
    return true;
  } catch (error) {
    const isRefusal = error instanceof DyadicError && (error.code === 'ERR_KERNEL' || error.code === 'ERR_MEMORY') && error.cause === undefined;
    if (isRefusal) return false;
    throw new Error(`${engine.flavour} ${kernel} [${params.join(', ')}]: ${String(error)}`, { cause: error });
  }
}

for (const flavour of FLAVOURS) {
  for (const kernel of Object.keys(KERNELS) as KernelName[]) {
    fuzz(`${flavour} ${kernel} only ever refuses`, async () => {
      const engine = await engineOf(flavour);
      const length = 1 << 17;
      const arena = engine.allocate(length);
      const random = new Random(KERNELS[kernel].id);
      let ran = 0;
      for (let round = 0; round < ROUNDS; round += 1) ran += Number(runs(engine, kernel, words(random, kernel, arena, length)));
      assert.ok(ran < ROUNDS, 'some are refused');
      engine.free(arena);
      assert.is(engine.liveAllocations, 0);
    });
  }
}

fuzz('random step tables only ever give a status', async () => {
  for (const flavour of FLAVOURS) {
    const engine = await engineOf(flavour);
    const random = new Random(99);
    const table = engine.allocate(8192);
    for (let round = 0; round < 500; round += 1) {
      engine.i32(table, 2048).forEach((_, index, all) => (all[index] = random.next(4) === 0 ? table + random.next(8192) : random.next(48)));
      const last = random.next(400);
      for (const run of [() => engine.runInteger(table, 0, last, 0, 0), () => engine.runFloat(table, random.next(5), last, table, 64)]) {
        try {
          run();
        } catch (error) {
          assert.ok(error instanceof DyadicError && error.code === 'ERR_KERNEL' && error.cause === undefined, String(error));
        }
      }
    }
  }
});

fuzz.run();
