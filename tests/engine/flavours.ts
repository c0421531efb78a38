/** The built modules, and engines of every flavour that this host knows. */
import { readFileSync } from 'node:fs';
import { createEngine } from '../../ts/wasm/create-engine.js';
import type { Engine, Flavour } from '../../ts/wasm/engine.js';
import { knowsRelaxed } from '../../ts/wasm/lowering.js';

export const ALL_FLAVOURS: readonly Flavour[] = ['scalar', 'simd128', 'relaxed'];

/** Those that can run here. DYADIC_FLAVOUR=relaxed leaves the others out: tests/engines does it on newer hosts. */
export const FLAVOURS = ALL_FLAVOURS.filter((flavour) => (flavour !== 'relaxed' || knowsRelaxed()) && flavour === (process.env.DYADIC_FLAVOUR ?? flavour));

export function moduleUrl(flavour: Flavour): URL {
  return new URL(`../../pkg/${flavour}.wasm`, import.meta.url);
}

export function moduleBytes(flavour: Flavour): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(moduleUrl(flavour)));
}

export function engineOf(flavour: Flavour | 'auto'): Promise<Engine> {
  return createEngine(moduleBytes, { flavour });
}

/** The modules with the kernels of training. */
export function trainingModuleBytes(flavour: Flavour): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../pkg/train-${flavour}.wasm`, import.meta.url)));
}
