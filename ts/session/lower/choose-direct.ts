/** By what a layer without groups multiplies when it runs direct. */
import { elementCount } from '../../graph/shape.js';
import { channelWeights, MOST_WEIGHT } from '../../integer/accumulator.js';
import type { IntegerTensor, IntegerValue } from '../../integer/integer-graph.js';
import type { Dot } from '../../wasm/params.js';
import type { ConvolutionGeometry } from '../convolution-algorithm.js';
import { estimate, type DirectKind } from '../convolution-cost.js';
import { activationLayout, containerOf } from '../layout.js';
import { chooseDot } from './choose-dot.js';
import type { LowerContext, OperationOf } from './context.js';

export type Linear = OperationOf<'conv2d'> | OperationOf<'dense'>;

export interface Direct {
  readonly kind: DirectKind;
  /** With `direct_bytes` only. */
  readonly dot: Dot | null;
}

/** What decides: engine, cost table and network. */
export type DirectContext = Pick<LowerContext, 'engine' | 'lowering' | 'costs' | 'graph' | 'tensor'>;

/** Two weights to a lane (`simd::dot::PairedDot`): the largest activation, and the high sum's end. SPEC 1.1 has weights of i4 in −7..7. */
const MOST_ACTIVATION = 15;
const END = 2 ** 19;
/** Channels that the kernel writes at once. */
const PANEL = 16;

/** By bytes where the engine can; else two weights to a lane where these are exact and the cost table says that it pays; else by i16. */
export function chooseDirect(context: DirectContext, operation: Linear): Direct {
  const input = context.graph.values[operation.inputs[0] as number] as IntegerValue;
  const output = context.graph.values[operation.outputs[0] as number] as IntegerValue;
  const weight = context.tensor(operation.weight);
  const dot = chooseDot(context.lowering, input, weight);
  if (dot !== null) return { kind: 'direct_bytes', dot };
  const pays = context.engine.flavour === 'simd128' && isPairedFaster(context, geometryOf(operation, input, output, weight));
  const isPaired = pays && hasRoom(operation, output) && arePairs(input, weight);
  return { kind: isPaired ? 'direct_paired' : 'direct_i16', dot: null };
}

/** A dense layer is a 1 × 1 convolution over its rows. */
export function geometryOf(operation: Linear, input: IntegerValue, output: IntegerValue, weight: IntegerTensor): ConvolutionGeometry {
  const [outC = 1, inC = 1, kernelH = 1, kernelW = 1] = weight.shape;
  if (operation.op === 'dense') return { inC, outC, outH: elementCount(input.shape) / inC, outW: 1, kernel: [1, 1], stride: [1, 1], dilation: [1, 1], groups: 1 };
  const [, , outH = 1, outW = 1] = output.shape;
  const { stride, dilation, groups } = operation;
  return { inC, outC, outH, outW, kernel: [kernelH, kernelW], stride, dilation, groups };
}

function isPairedFaster({ costs }: DirectContext, geometry: ConvolutionGeometry): boolean {
  const { direct_paired: paired, direct_i16: i16 } = costs;
  return paired !== undefined && (i16 === undefined || estimate('direct_paired', geometry, paired) < estimate('direct_i16', geometry, i16));
}

/** Whether a pixel of the output has room for whole panels. */
function hasRoom({ op }: Linear, { dtype, shape }: IntegerValue): boolean {
  return op === 'dense' ? (shape.at(-1) ?? 0) % PANEL === 0 : (activationLayout(shape, containerOf(dtype)).strides[3] as number) % PANEL === 0;
}

/** Whether all codes fit, and so does every channel's sum: any may be the high one of a lane. */
function arePairs({ range: [lo, hi], zeroPoint }: IntegerValue, { dtype, data, shape }: IntegerTensor): boolean {
  if (dtype !== 'i4' || lo < 0 || hi > MOST_ACTIVATION || zeroPoint < 0 || zeroPoint > MOST_ACTIVATION) return false;
  const [channels = 1] = shape;
  if ((data.length / channels) * MOST_WEIGHT.i4 * MOST_ACTIVATION < END) return true;
  return channelWeights(data, channels, null).every(({ positive, negative }) => Math.max(positive, -negative) * MOST_ACTIVATION < END);
}
