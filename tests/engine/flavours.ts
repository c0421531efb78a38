/** The built modules, and engines of either flavour. */
import { readFileSync } from 'node:fs';
import { createEngine } from '../../ts/wasm/create-engine.js';
import type { Engine, Flavour } from '../../ts/wasm/engine.js';

export const FLAVOURS: readonly Flavour[] = ['scalar', 'simd128'];

export function moduleUrl(flavour: Flavour): URL {
  return new URL(`../../pkg/${flavour}.wasm`, import.meta.url);
}

export function moduleBytes(flavour: Flavour): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(moduleUrl(flavour)));
}

export function engineOf(flavour: Flavour | 'auto'): Promise<Engine> {
  return createEngine(moduleBytes, { flavour });
}
