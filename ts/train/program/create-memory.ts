/** The arena of a program, or the error that says how much a batch needs. */
import { DyadicError } from '../../errors.js';
import type { Assembler } from '../../session/assembler.js';
import { planMemory } from '../../session/memory-plan.js';
import { ProgramMemory } from '../../session/program-memory.js';
import type { Engine } from '../../wasm/engine.js';

export function createMemory(engine: Engine, assembler: Assembler, batch: number): ProgramMemory {
  try {
    return new ProgramMemory(engine, assembler);
  } catch (error) {
    if (!(error instanceof DyadicError) || error.code !== 'ERR_MEMORY') throw error;
    const activations = assembler.buffers.filter(({ region, first }) => region === 'activation' && first >= 0);
    const { bytes } = planMemory(activations);
    throw new DyadicError('ERR_MEMORY', { op: 'training program', argument: 'batch', expected: `a batch that fits the memory; ${batch} takes ${bytes} bytes of activations`, received: error.message, cause: error });
  }
}
