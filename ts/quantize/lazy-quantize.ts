/** `quantize` for index.ts: running a deployed network does not load the quantizer. */
import type { Graph } from '../graph/graph.js';
import type { CalibrationData } from './calibration/samples.js';
import type { QuantizeOptions } from './options.js';
import type { QuantizeResult } from './quantize.js';

/**
 * Turns a float network into an integer-only one, calibrated on samples of its input (as the network sees them).
 *
 * ```ts
 * const graph = await importOnnx(await readFile('model.onnx'));
 * const { graph: integer, report } = await quantize(graph, samples, { bits: 'w8a8' });
 * await writeFile('model.dyad', encodeDyad(integer));
 * ```
 *
 * @throws DyadicError ERR_QUANTIZE_UNSUPPORTED, ERR_CALIBRATION, ERR_NAN, ERR_SHAPE, ERR_ACCUMULATOR, ERR_ABORTED.
 */
export async function quantize(graph: Graph, calibration: CalibrationData, options: QuantizeOptions = {}): Promise<QuantizeResult> {
  const quantizer = await import('./quantize.js');
  return quantizer.quantize(graph, calibration, options);
}
