/** Makes engines. */
import type { Engine, EngineOptions } from './engine.js';
import { trustedInstance } from './flavour.js';
import { defaultLoader, type FlavourLoader } from './loader.js';
import { WasmEngine } from './wasm-engine.js';

/**
 * A new engine with a memory of its own.
 *
 * @param load gives the module of a flavour; by default where the package has them on this host.
 * @throws DyadicError ERR_WASM_LOAD: the module cannot be had or compiled, or computes wrongly here.
 */
export async function createEngine(load?: FlavourLoader, options: EngineOptions = {}): Promise<Engine> {
  const loader: FlavourLoader = load ?? ((flavour) => defaultLoader()(flavour));
  return new WasmEngine(await trustedInstance(loader, options));
}
