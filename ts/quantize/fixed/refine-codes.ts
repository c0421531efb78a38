import type { FixedWeights } from './fixed-codes.js';

export interface RefineRequest {
  readonly inputScale: number;
  readonly outputScale: number;
  /** Largest code of the output, or of a carrier what calibration fills. */
  readonly outputLevels: number;
}

/** Half a step of the accumulator may move the output by this part of its range, */
const COARSEST = 1 / 120;
/** and is made so fine, if not. */
const WANTED = 1 / 240;
/** What an i8 holds. */
const LARGEST_CODE = 127;

/**
 * The bias is a whole number of accumulator steps. Where few narrow codes are summed (depthwise, few channels, 2 or 3 bits) a step is too coarse for that; then all codes are
 * multiplied by one whole number, and their scale divided by it: the same weights in finer steps.
 */
export function refineCodes(fixed: FixedWeights, { inputScale, outputScale, outputLevels }: RefineRequest): FixedWeights {
  const factor = fixed.factors.reduce((top, f) => Math.max(top, Math.abs(f)), 0);
  const half = (0.5 * inputScale * fixed.scale * factor) / outputScale / outputLevels;
  if (half <= COARSEST) return fixed;
  const times = Math.min(Math.floor(LARGEST_CODE / fixed.levels), Math.ceil(half / WANTED));
  return { codes: fixed.codes.map((code) => code * times), scale: fixed.scale / times, levels: fixed.levels * times, factors: fixed.factors };
}
