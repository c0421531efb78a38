import { DyadicError } from '../errors.js';
import type { Preprocess } from '../integer/integer-graph.js';
import type { EngineOptions } from '../wasm/engine.js';

/** Weight and activation bits (DESIGN §3.6): first and last layers keep 8 bits in the 4-bit modes. */
export type Bits = 'w8a8' | 'w4a8' | 'w4a4';

export type CalibrationMethod = 'minmax' | 'percentile' | 'mse';

export interface QuantizeProgress {
  readonly phase: 'ranges' | 'histograms' | 'compare';
  readonly done: number;
  readonly total: number;
}

export interface QuantizeOptions {
  /** Default `w8a8`. */
  readonly bits?: Bits;
  /** Codes of 8-bit activations that cannot be negative: 0..255 (`u8`, default) or 0..127 (`n8`). */
  readonly activations?: 'u8' | 'n8';
  /** How an activation's range is chosen from what calibration saw. Default `minmax`. `mse` also chooses weight scales. */
  readonly calibrate?: CalibrationMethod;
  /** For `percentile`: the share of values inside the range, in percent, in (0, 100]. Default 99.99. */
  readonly percentile?: number;
  /** Moves the mean error of quantized weights into the bias. Default false. */
  readonly biasCorrection?: boolean;
  /** `auto` (default): q15 wherever it holds. `exact`: SPEC 2.3 everywhere. */
  readonly requantization?: 'auto' | 'exact';
  /** How pictures become the first input (SPEC 6.4); the range of that input then follows exactly from mean and std. */
  readonly preprocess?: Preprocess | null;
  readonly engine?: EngineOptions;
  readonly onProgress?: (progress: QuantizeProgress) => void;
  readonly signal?: AbortSignal;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly bits: Bits;
  readonly activations: 'u8' | 'n8';
  readonly calibrate: CalibrationMethod;
  readonly percentile: number;
  readonly biasCorrection: boolean;
  readonly requantization: 'auto' | 'exact';
  readonly preprocess: Preprocess | null;
}

function oneOf<T extends string>(argument: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument, expected: allowed.join(', '), received: typeof value === 'object' ? 'an object' : String(value) });
  return found;
}

/** Fills in defaults; throws ERR_ARGUMENT naming the option. */
export function resolveOptions(options: QuantizeOptions): ResolvedOptions {
  const percentile = options.percentile ?? 99.99;
  if (!(percentile > 0 && percentile <= 100)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: 'percentile', expected: 'a number in (0, 100]', received: String(percentile) });
  }
  return {
    bits: oneOf('bits', options.bits ?? 'w8a8', ['w8a8', 'w4a8', 'w4a4']),
    activations: oneOf('activations', options.activations ?? 'u8', ['u8', 'n8']),
    calibrate: oneOf('calibrate', options.calibrate ?? 'minmax', ['minmax', 'percentile', 'mse']),
    percentile,
    biasCorrection: options.biasCorrection ?? false,
    requantization: oneOf('requantization', options.requantization ?? 'auto', ['auto', 'exact']),
    preprocess: options.preprocess ? inFileNumbers(options.preprocess) : null,
  };
}

/** Mean and std as the file holds them, f32: people write 0.485. Throws ERR_ARGUMENT; whether they fit the input is for quantize() to see. */
function inFileNumbers(preprocess: Preprocess): Preprocess {
  const { size, fit, channels, mean, std, labels } = preprocess;
  for (const [key, list, what] of [['size', size, 'number'], ['mean', mean, 'number'], ['std', std, 'number'], ['labels', labels ?? [], 'string']] as const) {
    if (Array.isArray(list) && list.every((item) => typeof item === what)) continue;
    throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: `preprocess.${key}`, expected: `an array of ${what}s`, received: typeof list });
  }
  oneOf('preprocess.fit', fit, ['crop', 'stretch']);
  oneOf('preprocess.channels', channels, ['rgb', 'bgr', 'gray']);
  return { ...preprocess, mean: preprocess.mean.map(Math.fround), std: preprocess.std.map(Math.fround) };
}
