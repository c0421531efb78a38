import { DyadicError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import type { QuantizeOptions } from '../../quantize/options.js';
import type { QuantizeResult } from '../../quantize/quantize.js';
import type { Engine } from '../../wasm/engine.js';
import type { Normalization } from '../data/dataset.js';
import type { TrainingData } from '../data/open-data.js';
import type { Seed } from '../random/random-stream.js';
import { calibrationSamples, preprocessOf } from './calibration-samples.js';

export interface CompileOptions extends Pick<QuantizeOptions, 'signal' | 'onProgress' | 'preprocess' | 'requantization'> {
  /** How many samples of the data calibrate what training kept in f32 (first and last layer, sums, pools): 128 if not given. */
  readonly samples?: number;
}

/** Of CompileOptions. */
export const COMPILE_OPTIONS: readonly (keyof CompileOptions)[] = ['signal', 'onProgress', 'preprocess', 'requantization', 'samples'];
const USUAL_SAMPLES = 128;

/**
 * A trained Graph as an integer-only network: quantized layers with exactly the codes and scales of training, the others in 8 bits, calibrated on samples of `data`. Pictures get the
 * normalization of training as their preprocess block, unless another is given. Throws what quantize() throws, and ERR_DATASET for data without samples.
 */
export async function compileTrained(
  openEngine: () => Promise<Engine>, graph: Graph, data: TrainingData, given: { readonly seed: Seed; readonly normalization: Normalization | undefined }, options: CompileOptions = {},
): Promise<QuantizeResult> {
  const { samples: count = USUAL_SAMPLES, ...rest } = options;
  if (!Number.isInteger(count) || count < 1) throw new DyadicError('ERR_ARGUMENT', { op: 'compile', argument: 'samples', expected: 'an integer ≥ 1', received: String(count) });
  const samples = await calibrationSamples(data, { count, ...given });
  const { quantizeOn } = await import('../../quantize/quantize.js');
  return quantizeOn(openEngine, graph, samples, { preprocess: preprocessOf(data, given.normalization), ...rest });
}
