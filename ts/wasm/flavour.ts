/** Which flavour runs here, asked by running it: that a module validates does not mean that it computes right. */
import { DyadicError } from '../errors.js';
import { instantiate, type Abi } from './abi.js';
import type { EngineOptions, Flavour, Lowering } from './engine.js';
import type { FlavourLoader } from './loader.js';
import { askLowering, isFast, knowsRelaxed } from './lowering.js';
import { compile, readSource } from './source.js';

/** The answer that bindings/wasm/src/known_answer.rs derives from SPEC for this seed. */
const SEED = 0x5eed;
const ANSWER = 1_093_230_426;

/** Fastest first. */
const FLAVOURS: readonly Flavour[] = ['relaxed', 'simd128', 'scalar'];
/** By the number that the module's `flavour()` gives. */
const FLAVOUR_NAMES: readonly Flavour[] = ['scalar', 'simd128', 'relaxed'];

export interface Trusted {
  readonly flavour: Flavour;
  readonly lowering: Lowering;
  readonly abi: Abi;
}

/** A fresh instance that gave the known answer: of the module in `options`, of the flavour in `options`, or of the fastest that does. */
export async function trustedInstance(load: FlavourLoader, options: EngineOptions): Promise<Trusted> {
  const wanted = options.flavour ?? 'auto';
  if (wanted !== 'auto' && !FLAVOURS.includes(wanted)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'load wasm', argument: 'flavour', expected: `auto, ${FLAVOURS.join(' or ')}`, received: String(wanted) });
  }
  if (options.wasm !== undefined) return trust(await readSource(await options.wasm), wanted);
  if (wanted !== 'auto') return trust(await readSource(await load(wanted)), wanted);
  return fastest(load);
}

/**
 * A flavour that cannot be fetched is an error at once: falling back would hide it behind a slow network. `relaxed` is passed over where the engine
 * does not know it, computes it wrongly or does it slowly.
 */
async function fastest(load: FlavourLoader): Promise<Trusted> {
  const failures: DyadicError[] = [];
  for (const flavour of FLAVOURS) {
    if (flavour === 'relaxed' && !knowsRelaxed()) continue;
    const loaded = await readSource(await load(flavour));
    try {
      const trusted = await trust(loaded, flavour);
      if (flavour !== 'relaxed' || isFast(trusted.lowering)) return trusted;
    } catch (error) {
      if (!(error instanceof DyadicError)) throw error;
      failures.push(error);
    }
  }
  throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', expected: 'a flavour that runs here', received: 'none', details: failures.map((error) => error.message), cause: failures[0] });
}

async function trust(loaded: Awaited<ReturnType<typeof readSource>>, wanted: Flavour | 'auto'): Promise<Trusted> {
  const abi = instantiate(await compile(loaded), loaded.name);
  const flavour = FLAVOUR_NAMES[abi.flavour()];
  if (flavour === undefined || (wanted !== 'auto' && flavour !== wanted)) {
    throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', argument: 'flavour', expected: wanted, received: `${loaded.name}, which is ${flavour ?? 'no flavour that we know'}` });
  }
  const answer = knownAnswer(abi);
  if (answer !== ANSWER) {
    throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', expected: `${flavour} to compute ${ANSWER} here`, received: String(answer) });
  }
  return { flavour, lowering: askLowering(abi), abi };
}

/** A number, or the text of the trap that an engine ran into. */
function knownAnswer(abi: Abi): number | string {
  try {
    return abi.known_answer(SEED);
  } catch (error) {
    return String(error);
  }
}
