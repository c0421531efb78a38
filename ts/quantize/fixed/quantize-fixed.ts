import { DyadicError } from '../../errors.js';
import { accumulatorLimit, channelWeights as weightSums } from '../../integer/accumulator.js';
import type { LinearOp } from '../plan/plan.js';
import { clamp, powerOfTwo, roundHalfEven } from '../rounding.js';
import type { QuantizedLinear } from '../scales/quantize-linear.js';
import type { FixedWeights } from './fixed-codes.js';
import { exactForm } from '../scales/exact.js';
import type { Q15Form } from '../scales/linear-q15.js';
import { type FixedChannel, type FixedFormRequest, fixedQ15 } from './fixed-form.js';

export interface FixedRequest extends Omit<FixedFormRequest, 'channels'> {
  readonly name: string;
  readonly op: LinearOp;
  readonly fixed: FixedWeights;
  readonly inputScale: number;
  readonly inputRange: readonly [number, number];
  readonly outputScale: number;
  readonly requantization: 'auto' | 'exact';
  /** Per channel, the largest |value| that calibration saw with room for more; undefined where only the proved bound counts. */
  readonly seen: ArrayLike<number> | undefined;
  /** Per channel, the smallest and largest value behind the clamp that calibration saw; undefined where it saw none. */
  readonly observed: { readonly lo: ArrayLike<number>; readonly hi: ArrayLike<number> } | undefined;
}

/** A channel whose weights cannot move the output by this much of a code is a constant. */
const SMALLEST_EFFECT = 1 / 8;
/** The ratio of constants, where the layer's own are no finer: their bias is then exact to 1/32 of a code. */
const CONSTANT_RATIO = 1 / 16;

interface Channel extends FixedChannel {
  readonly isConstant: boolean;
  /** In output codes. */
  readonly bias: number;
}

/**
 * The codes as training left them, negated where the batch norm's factor is below zero; everything else goes into multipliers and bias. Throws ERR_ACCUMULATOR for a ratio
 * above 2^22 and for a bias that 32 bits cannot hold though it matters.
 */
export function quantizeFixed(request: FixedRequest): QuantizedLinear {
  const { op, fixed } = request;
  const q15 = request.requantization === 'auto' ? q15Channels(request) : null;
  const channels = q15?.channels ?? describeChannels(request, false);
  const form = q15?.form ?? exactForm(channels.map(({ ratio }) => ratio));
  if (!form) throw accumulatorError(request, 'a scale ratio above 2^22');
  const size = fixed.codes.length / channels.length;
  const weights = Int8Array.from(fixed.codes, (code, i) => {
    const c = Math.floor(i / size);
    if (channels[c]!.isConstant) return 0;
    return fixed.factors[c]! < 0 ? -code : code;
  });
  const power = powerOfTwo(form.form === 'q15' ? 15 + form.shift : form.shift - form.left);
  const worth = Float64Array.from(form.multipliers, (b) => b / power);
  const hasBias = op.bias !== null || channels.some(({ bias }) => bias !== 0);
  const bias = hasBias ? Int32Array.from(channels, (channel, c) => biasCode(request, channel, c, worth[c]!, accumulatorLimit(form))) : null;
  return { form, weights, isFourBit: fixed.levels <= 7, bias, weightScales: worth.map((ratio) => (ratio * request.outputScale) / request.inputScale) };
}

/**
 * q15 and the channels that it holds; if need be with those as constants that calibration never saw vary by more than a code (a quarter of one where there are 16): dead channels,
 * whose bias in steps of their tiny accumulator would leave 16 bits. null where q15 does not do it.
 */
export function q15Channels(request: FixedRequest): { readonly form: Q15Form; readonly channels: readonly Channel[] } | null {
  for (const isLenient of [false, true]) {
    const channels = describeChannels(request, isLenient);
    const form = fixedQ15({ ...request, channels });
    if (form) return { form, channels };
  }
  return null;
}

/** What each channel's accumulator is worth, and how far it reaches. */
function describeChannels(request: FixedRequest, isLenient: boolean): Channel[] {
  const { op, fixed, inputScale, inputRange: [low, high], outputScale, seen, observed, clamp: [lo, hi] } = request;
  const sums = weightSums(fixed.codes, fixed.factors.length, null);
  const own = Array.from(fixed.factors, (factor) => (inputScale * fixed.scale * Math.abs(factor)) / outputScale);
  const largest = sums.map(({ positive, negative }) => Math.max(positive * high + negative * low, -(positive * low + negative * high)));
  const spread = (hi - lo <= 15 ? 0.25 : 1) * outputScale;
  const neverVaries = (c: number): boolean => isLenient && observed !== undefined && observed.hi[c]! - observed.lo[c]! <= spread;
  const isConstant = own.map((ratio, c) => ratio * largest[c]! < SMALLEST_EFFECT || neverVaries(c));
  const top = own.reduce((a, ratio, c) => (isConstant[c] ? a : Math.max(a, ratio)), 0);
  const constantRatio = hi - lo <= 255 || top === 0 ? Math.min(CONSTANT_RATIO, top || CONSTANT_RATIO) : top;
  return own.map((ratio, c) => {
    const offset = (op.bias?.[c] ?? 0) / outputScale;
    if (isConstant[c]) {
      const value = neverVaries(c) ? (observed!.lo[c]! + observed!.hi[c]!) / 2 / outputScale : offset;
      const bias = clamp(value, lo - 1, hi + 1);
      return { isConstant: true, ratio: constantRatio, varying: 0, moving: 0, reach: Math.abs(bias), bias };
    }
    const varying = ratio * largest[c]!;
    const reach = Math.min(varying + Math.abs(offset), seen ? seen[c]! / outputScale : Infinity);
    return { isConstant: false, ratio, varying, moving: Math.min(varying, reach + Math.abs(offset)), reach, bias: offset };
  });
}

/** The bias in steps of the accumulator; one that leaves 32 bits is cut where the output is clamped anyway. */
function biasCode(request: FixedRequest, channel: Channel, c: number, worth: number, limit: number): number {
  const varying = Math.ceil(channel.varying / channel.ratio);
  const largest = limit - 2 - varying;
  const wanted = roundHalfEven(channel.bias / worth);
  if (Math.abs(wanted) <= largest) return wanted;
  const isHidden = (largest - varying) * worth > Math.max(-request.clamp[0], request.clamp[1]) + 1;
  if (!isHidden) throw accumulatorError(request, `channel ${c}: a bias of ${wanted}`);
  return wanted < 0 ? -largest : largest;
}

function accumulatorError(request: FixedRequest, received: string): DyadicError {
  return new DyadicError('ERR_ACCUMULATOR', { op: `${request.op.form} "${request.name}"`, argument: 'weight and bias', expected: 'accumulators below 2^31 (SPEC 2.4)', received });
}
