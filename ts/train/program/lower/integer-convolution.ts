/** Exact sums of products of codes, by the fastest kernel that this engine has for them: every choice gives the same numbers (SPEC 7.1). */
import { DyadicError } from '../../../errors.js';
import { chooseDot } from '../../../session/lower/choose-dot.js';
import { at, type StepBuffer, type StepFields } from '../../../session/assembler.js';
import { Container, Form, type Dot } from '../../../wasm/params.js';
import type { TrainContext } from './context.js';
import { outPixels, type ConvGeometry } from './geometry.js';

/** Codes as they lie: bytes [pixels][stride]. */
export interface Codes {
  readonly buffer: StepBuffer;
  readonly container: Container;
  readonly stride: number;
  readonly bits: number;
}

export interface IntegerConvolution {
  readonly label: string;
  readonly input: Codes;
  /** i8 [out_c][in_c/groups][kernel_h][kernel_w], symmetric. */
  readonly weights: StepBuffer;
  readonly weightBits: number;
  readonly geometry: ConvGeometry;
}

/** Exact sums, [out pixels][out_c], in the smallest container that holds them whatever the codes are. */
export interface ExactSums {
  readonly buffer: StepBuffer;
  readonly container: typeof Container.i16 | typeof Container.i32;
}

/** 4 · 9 · 15 · 7 of each fit an i32. */
const MOST_WINOGRAD_CHANNELS = 500_000;

type Kind = 'winograd_f23' | 'depthwise_conv2d' | 'grouped_conv2d' | 'conv2d' | 'conv2d_paired' | 'conv2d_relaxed';

/** Sums of a layer with two weights in a lane stay below this, and its outputs are whole panels. */
const END_OF_PAIRED_SUMS = 2 ** 19;
const PAIRED_PANEL = 16;

/** What decides how large codes are. */
export type CodeRange = Pick<Codes, 'container' | 'bits'>;

export const SUM_BYTES = { [Container.i16]: 2, [Container.i32]: 4 } as const;

/** Sums are i32 at most. */
export const LARGEST_SUM = 2 ** 31 - 1;

/** The largest magnitude that codes of so many bits have. */
export function largestCode({ container, bits }: CodeRange): number {
  return container === Container.u8 ? 2 ** bits - 1 : 2 ** (bits - 1) - 1;
}

/** The smallest that holds sums of this magnitude. */
export function containerOf(largest: number): ExactSums['container'] {
  return largest < 2 ** 15 ? Container.i16 : Container.i32;
}

/** `container`: a larger one than the sums need, if given. Throws ERR_ARGUMENT for a layer whose sums may not fit. */
export function integerConvolution(context: TrainContext, convolution: IntegerConvolution, container = containerOf(checkSums(convolution))): ExactSums {
  const { label, geometry } = convolution;
  const sums = { container, buffer: context.temporary(label, SUM_BYTES[container] * outPixels(geometry) * geometry.outC) };
  const dot = chooseRelaxedDot(context, convolution);
  const kind = chooseKernel(context, convolution, dot);
  const fields = stepFields(convolution, packWeights(context, convolution, kind, dot), sums);
  if (kind === 'conv2d_relaxed') context.assembler.step(kind, { ...fields, dot: dot as Dot });
  else context.assembler.step(kind, fields);
  return sums;
}

function chooseKernel(context: TrainContext, convolution: IntegerConvolution, dot: Dot | null): Kind {
  const { groups, inC, outC } = convolution.geometry;
  if (groups > 1) return groups === inC && groups === outC ? 'depthwise_conv2d' : 'grouped_conv2d';
  if (canUseWinograd(context, convolution)) return 'winograd_f23';
  if (dot !== null) return 'conv2d_relaxed';
  return canPair(context, convolution) ? 'conv2d_paired' : 'conv2d';
}

function canUseWinograd({ hasVectors }: TrainContext, convolution: IntegerConvolution): boolean {
  const { inC } = convolution.geometry;
  const fits = hasVectors && hasFourBits(convolution) && inC % 16 === 0 && inC <= MOST_WINOGRAD_CHANNELS;
  return fits && isUnit3x3(convolution.geometry) && savesProducts(convolution.geometry);
}

/** Whether the flavour has the kernel by two weights in a lane, and the layer's numbers fit it. */
function canPair({ engine }: TrainContext, convolution: IntegerConvolution): boolean {
  const fits = hasFourBits(convolution) && convolution.geometry.outC % PAIRED_PANEL === 0 && checkSums(convolution) < END_OF_PAIRED_SUMS;
  return engine.flavour === 'simd128' && fits;
}

function hasFourBits({ input, weightBits }: IntegerConvolution): boolean {
  return input.bits <= 4 && weightBits <= 4;
}

export function isUnit3x3({ kernelH, kernelW, strideH, strideW, dilationH, dilationW, groups }: ConvGeometry): boolean {
  return kernelH === 3 && kernelW === 3 && [strideH, strideW, dilationH, dilationW, groups].every((one) => one === 1);
}

/** Tiles of 2 × 2 outputs take 16 products instead of 36, those at the edge too. */
function savesProducts({ outH, outW }: ConvGeometry): boolean {
  return 16 * Math.ceil(outH / 2) * Math.ceil(outW / 2) < 9 * outH * outW;
}

/** The largest sum that a layer may have (SPEC 7.1.1). */
export function checkSums({ label, input, weightBits, geometry }: Pick<IntegerConvolution, 'label' | 'input' | 'weightBits' | 'geometry'>): number {
  const terms = (geometry.inC / geometry.groups) * geometry.kernelH * geometry.kernelW;
  const product = largestCode(input) * largestCode({ container: Container.i8, bits: weightBits });
  const most = Math.floor(LARGEST_SUM / product);
  if (terms > most) throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'weight', expected: `at most ${most} products in a sum with so many bits: sums have 32 bits`, received: String(terms) });
  return terms * product;
}

function chooseRelaxedDot({ lowering }: TrainContext, { input, weightBits }: IntegerConvolution): Dot | null {
  const largest = largestCode(input);
  const range: readonly [number, number] = input.container === Container.u8 ? [0, largest] : [-largest, largest];
  return chooseDot(lowering, { range, zeroPoint: 0 }, { dtype: weightBits <= 4 ? 'i4' : 'i8' });
}

interface Packed {
  readonly weights: StepBuffer;
  readonly bias: StepBuffer;
}

function packWeights(context: TrainContext, convolution: IntegerConvolution, kind: Kind, dot: Dot | null): Packed {
  const { assembler, engine } = context;
  const { label, weights, input } = convolution;
  const { inC, outC, kernelH, kernelW } = convolution.geometry;
  if (kind === 'grouped_conv2d') return { weights, bias: assembler.constant(`${label}: no bias`, new Int32Array(outC)) };
  const perChannel = 4 * engine.packedChannels(outC);
  const packed = (bytes: number): StepBuffer => context.temporary(`${label}: panels`, bytes);
  const bias = context.temporary(`${label}: packed bias`, perChannel);
  const fields = (panels: StepBuffer) => ({
    weightsOffset: at(weights),
    biasOffset: 0,
    multiplierOffset: 0,
    multiplierCount: 0,
    inZeroPoint: 0,
    inC, outC, kernelH, kernelW,
    packedWeightsOffset: at(panels),
    packedBiasOffset: at(bias),
    packedMultiplierOffset: at(context.temporary(`${label}: packed multipliers`, perChannel)),
  });
  if (kind === 'winograd_f23') {
    const panels = packed(engine.packedWinogradF23Bytes(inC, outC));
    assembler.step('pack_winograd_f23', fields(panels));
    return { weights: panels, bias };
  }
  if (kind === 'depthwise_conv2d') {
    const panels = packed(engine.packedDepthwiseBytes(outC, kernelH, kernelW));
    assembler.step('pack_depthwise', fields(panels));
    return { weights: panels, bias };
  }
  if (kind === 'conv2d_paired') {
    const panels = packed(engine.packedConv2dPairedBytes(inC, outC, kernelH, kernelW));
    assembler.step('pack_conv2d_paired', fields(panels));
    return { weights: panels, bias };
  }
  if (kind === 'conv2d') {
    const panels = packed(engine.packedConv2dBytes(inC, outC, kernelH, kernelW));
    assembler.step('pack_conv2d', fields(panels));
    return { weights: panels, bias };
  }
  const panels = packed(engine.packedConv2dRelaxedBytes(inC, outC, kernelH, kernelW));
  assembler.step('pack_conv2d_relaxed', { ...fields(panels), inContainer: input.container, dot: dot as Dot });
  return { weights: panels, bias };
}

function stepFields({ input, geometry }: IntegerConvolution, { weights, bias }: Packed, sums: ExactSums): StepFields<'conv2d'> {
  return {
    inputOffset: at(input.buffer),
    weightsOffset: at(weights),
    biasOffset: at(bias),
    multiplierOffset: 0,
    outputOffset: at(sums.buffer),
    inContainer: input.container,
    inStride: input.stride,
    inZeroPoint: 0,
    outContainer: sums.container,
    outStride: geometry.outC,
    ...geometry,
    form: Form.raw,
    shift: 0,
    left: 0,
    outZeroPoint: 0,
    lo: 0,
    hi: 0,
  };
}
