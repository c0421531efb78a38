/** One kernel through the engine: parameters, step table and scratch are allocated, used and freed. */
import type { Engine } from '../../ts/wasm/engine.js';
import { KERNELS, writeParams, type KernelName, type KernelParams } from '../../ts/wasm/params.js';

/** Runs `kernel` once; integer kernels by runInteger, the others by runFloat. */
export function runKernel<K extends KernelName>(engine: Engine, kernel: K, params: KernelParams[K]): void {
  const words = new Int32Array(KERNELS[kernel].fields.length);
  writeParams(words, kernel, params);
  runWords(engine, KERNELS[kernel].id, words, KERNELS[kernel].float);
}

/** The same from words that need not make sense. */
export function runWords(engine: Engine, id: number, words: Int32Array, float: boolean): void {
  const address = engine.allocate(4 * words.length + 8);
  const table = address + 4 * words.length;
  let scratch = 0;
  try {
    engine.i32(address, words.length).set(words);
    engine.i32(table, 2).set([id, address]);
    const bytes = engine.scratchBytes(table, 0, 1);
    scratch = bytes > 0 ? engine.allocate(bytes) : 0;
    if (float) engine.runFloat(table, 0, 1, scratch, bytes);
    else engine.runInteger(table, 0, 1, scratch, bytes);
  } finally {
    if (scratch > 0) engine.free(scratch);
    engine.free(address);
  }
}
