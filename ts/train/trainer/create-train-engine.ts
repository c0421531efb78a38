/** Engines with the kernels of training. */
import { createEngine } from '../../wasm/create-engine.js';
import type { Engine, EngineOptions } from '../../wasm/engine.js';
import { trainingLoader, type FlavourLoader } from '../../wasm/loader.js';

/**
 * A new engine that can train, with a memory of its own.
 *
 * @param load gives the module of a flavour; by default where `dyadic/train` has them on this host.
 * @throws DyadicError ERR_WASM_LOAD: the module cannot be had or compiled, or computes wrongly here.
 */
export function createTrainEngine(options: EngineOptions = {}, load?: FlavourLoader): Promise<Engine> {
  return createEngine(load ?? ((flavour) => trainingLoader()(flavour)), options);
}
