import { naturalLog } from './natural-log.js';

/** Standard normal numbers by Marsaglia's polar method, from uniforms in [0, 1); pairs are used in order. */
export function normalNumbers(uniform: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * naturalLog(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  };
}
