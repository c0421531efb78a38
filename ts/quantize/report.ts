import type { IntegerGraph, IntegerTensor, IntegerValue } from '../integer/integer-graph.js';
import type { Program } from '../session/program.js';
import type { LayerBits } from './assign/bits.js';
import { type CalibrationHooks, floatInputs, yieldToHost } from './calibration/calibrate.js';
import { type Sample, throwIfAborted } from './calibration/samples.js';
import type { EmittedLayer } from './emit/emit.js';

/** How well one operation of the IntegerGraph follows the float network, on up to 32 calibration samples. */
export interface LayerReport {
  readonly name: string;
  readonly op: string;
  /** Null for operations without weights. */
  readonly weightBits: 4 | 8 | null;
  readonly activationBits: 4 | 8 | 16;
  /** Signal to quantization noise of what the operation makes, 10·log10(Σx² / Σ(x − x̂)²); Infinity without any error, null where the float network has no such value. */
  readonly sqnrDb: number | null;
  readonly requantization: 'copy' | 'q15' | 'exact' | null;
  readonly shift: number | null;
  /** Why the layer has 8 bits in a 4-bit mode. */
  readonly kept8Because: string | null;
}

export interface QuantizeReport {
  /** Worst signal to noise first. */
  readonly layers: readonly LayerReport[];
  /** Share of the calibration samples whose largest element of the first output stands at the same place in float and integers, 0..1. Below 0.8 it is a warning, for classifiers: outputs with one axis above 1. */
  readonly agreement: number;
  /** Signal to noise of the first output in dB, before softmax, on the samples of the layers. */
  readonly outputDb: number;
  readonly calibrationSamples: number;
  /** Carrier elements that reached ±32767 on those samples, by value. Values without any are left out. */
  readonly carrierSaturations: readonly { readonly value: string; readonly count: number }[];
  /** Bytes of weights as stored (4-bit codes take half a byte), and of all tensors. */
  readonly weightBytes: number;
  readonly tensorBytes: number;
  readonly warnings: readonly string[];
}

export const LOW_AGREEMENT = 0.8;
/** Layers are compared on so many samples, spread evenly: reading every value of both networks is what takes time. */
const MAX_OBSERVED = 32;

/** Runs both networks on every calibration sample and compares their answers, on up to 32 of them every layer too. */
export async function compareNetworks(
  graph: IntegerGraph, layers: readonly EmittedLayer[], bits: ReadonlyMap<string, LayerBits>,
  float: Program, integer: Program, samples: readonly Sample[], hooks: CalibrationHooks,
): Promise<QuantizeReport> {
  const comparison = new Comparison(graph, layers);
  const observed = Math.min(MAX_OBSERVED, samples.length);
  const isObserved = new Set(Array.from({ length: observed }, (_, i) => Math.floor((i * samples.length) / observed)));
  for (const [i, sample] of samples.entries()) {
    throwIfAborted(hooks.signal);
    if (isObserved.has(i)) comparison.observe(float, integer, sample);
    else comparison.compareOutputs(float.run(floatInputs(sample)), integer.run(floatInputs(sample)));
    hooks.onProgress?.({ phase: 'compare', done: i + 1, total: samples.length });
    await yieldToHost();
  }
  return comparison.report(bits, samples.length);
}

class Noise {
  signal = 0;
  noise = 0;

  add(float: Float32Array, codes: ArrayLike<number>, { scale, zeroPoint }: IntegerValue): void {
    for (let i = 0; i < float.length; i++) {
      const x = float[i]!;
      const difference = x - (codes[i]! - zeroPoint) * scale;
      this.signal += x * x;
      this.noise += difference * difference;
    }
  }

  get db(): number {
    return this.noise === 0 ? Infinity : 10 * Math.log10(this.signal / this.noise);
  }
}

class Comparison {
  readonly #noise = new Map<number, Noise>();
  readonly #floatNames: Map<number, string>;
  readonly #saturations = new Map<number, number>();
  readonly #outputValue: number;
  #agreed = 0;
  #compared = 0;

  constructor(readonly graph: IntegerGraph, readonly layers: readonly EmittedLayer[]) {
    this.#floatNames = new Map(layers.map(({ index, value }) => [index, value]));
    this.#outputValue = graph.outputs[0]!.value;
  }

  observe(float: Program, integer: Program, sample: Sample): void {
    const names = new Set(this.#floatNames.values());
    const floats = new Map<string, Float32Array>();
    const floatOutputs = float.run(floatInputs(sample), (value) => {
      if (names.has(value.name)) floats.set(value.name, value.read() as Float32Array);
    });
    const integerOutputs = integer.run(floatInputs(sample), (value) => {
      const carrier = this.graph.values[value.index]!.dtype === 'i16';
      const reference = floats.get(this.#floatNames.get(value.index) ?? '');
      if (!reference && !carrier) return;
      const codes = value.read();
      if (reference) this.#noiseOf(value.index).add(reference, codes, this.graph.values[value.index]!);
      if (carrier) this.#countSaturations(value.index, codes);
    });
    this.compareOutputs(floatOutputs, integerOutputs);
  }

  compareOutputs(floatOutputs: ReadonlyMap<string, Float32Array>, integerOutputs: ReadonlyMap<string, Float32Array>): void {
    const { name } = this.graph.outputs[0]!;
    this.#agreed += argmax(floatOutputs.get(name)!) === argmax(integerOutputs.get(name)!) ? 1 : 0;
    this.#compared += 1;
  }

  #noiseOf(index: number): Noise {
    let noise = this.#noise.get(index);
    if (!noise) this.#noise.set(index, (noise = new Noise()));
    return noise;
  }

  #countSaturations(index: number, codes: ArrayLike<number>): void {
    let count = 0;
    for (let i = 0; i < codes.length; i++) if (Math.abs(codes[i]!) >= 32767) count++;
    if (count > 0) this.#saturations.set(index, (this.#saturations.get(index) ?? 0) + count);
  }

  report(bits: ReadonlyMap<string, LayerBits>, calibrationSamples: number): QuantizeReport {
    const agreement = this.#agreed / this.#compared;
    const layers = this.layers.map((layer) => this.#layerReport(layer, layer.layer === null ? undefined : bits.get(layer.layer)));
    layers.sort((a, b) => (a.sqnrDb ?? Infinity) - (b.sqnrDb ?? Infinity) || 0);
    // Of boxes, masks and pictures the largest element says nothing.
    const isClassifier = this.graph.values[this.#outputValue]!.shape.filter((n) => n > 1).length === 1;
    const warnings = isClassifier && agreement < LOW_AGREEMENT ? [`the integer network agrees with float on only ${(agreement * 100).toFixed(1)} % of ${this.#compared} calibration samples`] : [];
    return {
      layers, agreement, outputDb: this.#noise.get(this.#outputValue)?.db ?? Infinity, calibrationSamples,
      carrierSaturations: [...this.#saturations].map(([index, count]) => ({ value: this.graph.values[index]!.name, count })),
      ...tensorSizes(this.graph), warnings,
    };
  }

  #layerReport(layer: EmittedLayer, bits: LayerBits | undefined): LayerReport {
    const { requantization } = layer;
    const { dtype } = this.graph.values[layer.index]!;
    return {
      name: layer.name, op: layer.op, weightBits: bits?.weight ?? null,
      activationBits: bits?.activation ?? (dtype === 'i16' ? 16 : dtype === 'u4' ? 4 : 8),
      sqnrDb: this.#noise.get(layer.index)?.db ?? null,
      requantization: requantization?.form ?? null,
      shift: requantization && requantization.form !== 'copy' ? requantization.shift : null,
      kept8Because: bits?.kept8Because ?? null,
    };
  }
}

function argmax(data: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < data.length; i++) if (data[i]! > data[best]!) best = i;
  return best;
}

function bytesOf({ dtype, data }: IntegerTensor): number {
  return dtype === 'i4' ? Math.ceil(data.length / 2) : data.length * (dtype === 'i32' ? 4 : 1);
}

/** Bytes of the weights, and of everything stored. */
export function tensorSizes(graph: IntegerGraph): { weightBytes: number; tensorBytes: number } {
  let weightBytes = 0;
  let tensorBytes = 0;
  for (const tensor of graph.tensors.values()) {
    tensorBytes += bytesOf(tensor);
    if (tensor.dtype !== 'i32') weightBytes += bytesOf(tensor);
  }
  return { weightBytes, tensorBytes };
}
