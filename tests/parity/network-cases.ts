/** A float network in every mode, with images as codes: cases for the comparison with the reference. */
import type { Graph } from '../../ts/graph/graph.js';
import type { IntegerGraph, Preprocess } from '../../ts/integer/integer-graph.js';
import type { QuantizeOptions } from '../../ts/quantize/options.js';
import { quantize } from '../../ts/quantize/quantize.js';
import type { Case } from './interpreter.js';

/** Every mode of the quantizer whose arithmetic differs. */
export const MODES: readonly QuantizeOptions[] = [
  { bits: 'w8a8' },
  { bits: 'w8a8', activations: 'n8' },
  { bits: 'w4a8' },
  { bits: 'w4a4' },
  { bits: 'w8a8', requantization: 'exact' },
  { bits: 'w4a4', requantization: 'exact', calibrate: 'mse', biasCorrection: true },
];

/** SPEC 1.3 for the first input of a graph. */
export function inputCodes(graph: IntegerGraph, real: Float32Array): Int32Array {
  const value = graph.values[graph.inputs[0]?.value ?? 0];
  if (value === undefined) throw new Error(`"${graph.name}" has no input`);
  const reciprocal = Math.fround(1 / value.scale);
  return Int32Array.from(real, (x) => Math.min(Math.max(halfEven(Math.fround(x * reciprocal)) + value.zeroPoint, value.range[0]), value.range[1]));
}

function halfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** One case per mode. `images` are normalised, row-major. */
export async function networkCases(network: Graph, calibration: readonly Float32Array[], images: readonly Float32Array[], preprocess: Preprocess | null): Promise<Case[]> {
  const cases: Case[] = [];
  for (const options of MODES) {
    const { graph } = await quantize(network, calibration, { ...options, preprocess });
    const name = `${graph.name} ${Object.values(options).join(' ')}`;
    cases.push({ graph: { ...graph, name }, samples: images.map((image) => [inputCodes(graph, image)]) });
  }
  return cases;
}
