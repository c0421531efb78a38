import { DyadicError } from '../../errors.js';
import { accumulatorBound, accumulatorLimit, channelWeights as weightSums } from '../../integer/accumulator.js';
import type { LinearOp } from '../plan/plan.js';
import { powerOfTwo, roundHalfEven } from '../rounding.js';
import { exactForm, type ExactForm } from './exact.js';
import { linearQ15, Q15_MAX, type Q15Form } from './linear-q15.js';
import { channelWeights, quantizeChannel, weightLevels } from './weights.js';

export interface LinearRequest {
  readonly name: string;
  readonly op: LinearOp;
  readonly weightBits: 4 | 8;
  /** Weight scales before multipliers are chosen; 0 for all-zero channels. */
  readonly idealScales: Float64Array;
  readonly inputScale: number;
  readonly inputRange: readonly [number, number];
  readonly outputScale: number;
  /** Smallest q15 multiplier per channel. */
  readonly floors: ArrayLike<number>;
  /** Channels that count when the shift is chosen; all without. */
  readonly counted?: readonly boolean[] | undefined;
  readonly requantization: 'auto' | 'exact';
  /** Mean of each input channel, for bias correction; null without. */
  readonly inputMeans: ((channel: number) => number) | null;
}

export interface QuantizedLinear {
  readonly form: Q15Form | ExactForm;
  readonly weights: Int8Array;
  /** Whether the codes are stored as i4. */
  readonly isFourBit: boolean;
  readonly bias: Int32Array | null;
  /** The weight scales that the multipliers imply. */
  readonly weightScales: Float64Array;
}

/**
 * Multipliers first, then the weight scales they imply exactly, then codes and bias. Throws ERR_ACCUMULATOR when a channel
 * breaks SPEC 2.4 at every scale.
 */
export function quantizeLinear(request: LinearRequest): QuantizedLinear {
  const { op, idealScales, inputScale, outputScale } = request;
  const ratios = idealScales.map((scale) => (inputScale * scale) / outputScale);
  const form = (request.requantization === 'auto' ? linearQ15(ratios, request.floors, request.counted) : null) ?? exactForm(ratios);
  if (!form) throw accumulatorError(request, 'a scale ratio above 2^22');
  const channels = op.weightShape[0]!;
  const weights = new Int8Array(op.weight.length);
  const bias = op.bias || request.inputMeans ? new Int32Array(channels) : null;
  const weightScales = new Float64Array(channels);
  const multipliers = Int32Array.from(form.multipliers);
  for (let c = 0; c < channels; c++) fitChannel(request, { ...form, multipliers }, c, weights, bias, weightScales);
  return { form: { ...form, multipliers }, weights, isFourBit: request.weightBits === 4, bias, weightScales };
}

/** Quantizes one channel; while its accumulator is too large for SPEC 2.4, doubles the multiplier and with it the weight scale. */
function fitChannel(request: LinearRequest, form: Q15Form | ExactForm, c: number, weights: Int8Array, bias: Int32Array | null, weightScales: Float64Array): void {
  const { op, inputScale, outputScale, inputRange, inputMeans } = request;
  const size = op.weight.length / op.weightShape[0]!;
  const codes = weights.subarray(c * size, (c + 1) * size);
  const floats = channelWeights(op, c);
  const exponent = form.form === 'q15' ? 15 + form.shift : form.shift - form.left;
  const largest = form.form === 'q15' ? Q15_MAX : 2147483647;
  const limit = accumulatorLimit(form);
  for (;;) {
    const b = form.multipliers[c]!;
    const scale = (b * outputScale) / (powerOfTwo(exponent) * inputScale);
    quantizeChannel(floats, scale, weightLevels(request.weightBits), codes);
    const shift = inputMeans ? meanError(op, c, floats, codes, scale, inputMeans) : 0;
    const wanted = roundHalfEven(((op.bias?.[c] ?? 0) + shift) / (inputScale * scale));
    const bound = accumulatorBound({ ...weightSums(codes, 1, null)[0]!, bias: wanted }, inputRange, 0);
    if (bound < limit) {
      if (bias) bias[c] = wanted;
      weightScales[c] = scale;
      return;
    }
    if (b * 2 > largest) throw accumulatorError(request, `channel ${c}: up to ${bound}`);
    form.multipliers[c] = b * 2;
  }
}

/** Σ (w − ŵ)·mean(x): what the quantized weights lose on average. */
function meanError(op: LinearOp, c: number, floats: Float64Array, codes: Int8Array, scale: number, mean: (channel: number) => number): number {
  const perGroup = op.weightShape[1]!;
  const first = Math.floor((c * op.groups) / op.weightShape[0]!) * perGroup;
  const taps = floats.length / perGroup;
  let sum = 0;
  for (let ic = 0; ic < perGroup; ic++) {
    let error = 0;
    for (let k = ic * taps; k < (ic + 1) * taps; k++) error += floats[k]! - codes[k]! * scale;
    sum += error * mean(first + ic);
  }
  return sum;
}

function accumulatorError(request: LinearRequest, received: string): DyadicError {
  return new DyadicError('ERR_ACCUMULATOR', {
    op: `${request.op.form} "${request.name}"`, argument: 'weight and bias', expected: 'accumulators below 2^31 (SPEC 2.4)', received,
  });
}
