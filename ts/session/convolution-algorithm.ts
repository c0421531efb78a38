/** Which kernel runs a convolution with one group: the direct one, or Winograd F(4,3) where it is exact, allowed its memory, and faster. F(2,3) is chosen before (lower/choose-winograd.ts). */
import { channelWeights } from '../integer/accumulator.js';
import type { IntegerTensor, IntegerValue, Pair } from '../integer/integer-graph.js';
import { isWinogradExact } from './winograd-bound.js';

/**
 * What packed weights may cost. `balanced` (default): at most twice their int8 bytes. `fast`: whatever the fastest kernel wants; Winograd F(4,3)
 * takes 8 bytes per weight, its channels rounded up to multiples of 8. `compact`: 4-bit weights stay nibbles and 8-bit ones bytes; a layer's panels
 * are made anew in every run, in memory that layers share, so Winograd's do not pay.
 */
export type MemoryMode = 'balanced' | 'fast' | 'compact';

export const MEMORY_MODES: readonly MemoryMode[] = ['balanced', 'fast', 'compact'];

export type ConvolutionAlgorithm = 'direct' | 'winograd_f23' | 'winograd_f43';

/** `auto` asks the table; a name forces that algorithm on every layer for which it is exact, for tests and measurements. */
export type ConvolutionChoice = 'auto' | ConvolutionAlgorithm;

export interface ProgramOptions {
  readonly memory?: MemoryMode;
  readonly convolution?: ConvolutionChoice;
}

/** Attributes of the operation, in ONNX's order of axes. */
export interface ConvolutionGeometry {
  readonly inC: number;
  readonly outC: number;
  readonly outH: number;
  readonly outW: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/**
 * F(4,3) over direct, GMAC/s of the layer, one core of an AMD EPYC (Zen 5), simd128, weights warm, fastest of 40 on a busy machine:
 *
 * | layer | work | Node 20 | Node 24 |
 * |---|---|---|---|
 * | 64→64, 56² | 0.25 | 123 : 40 | 135 : 58 |
 * | 128→128, 28² | 0.27 | 152 : 42 | 159 : 60 |
 * | 256→256, 14² | 0.33 | 140 : 43 | 140 : 60 |
 * | 512→512, 7² | 0.33 | 108 : 40 | 114 : 59 |
 * | 16→16, 32² | 0.25 | 2.2 × | 2.0 × |
 * | 64→64, 6² | 0.44 | 2.7 × | 1.4 × |
 * | 64→64, 5² | 0.64 | 2.4 × | 1.0 × |
 * | 64→64, 4² | 1.00 | 1.1 × | 0.8 × |
 * | 8→32, 28² | 0.27 | 1.0 × | 0.9 × |
 * | 3→64, 32² | 0.67 | 0.7 × | 0.6 × |
 *
 * So one tile never pays, and with few input channels the transform of the outputs costs more than the products saved.
 */
const MOST_WORK = 0.5;
const FEWEST_CHANNELS = 16;

/** The kernel computes 3 × 3, stride 1, dilation 1, one group, and nothing else. */
function isWinogradShape({ kernel, stride, dilation, groups }: ConvolutionGeometry): boolean {
  return groups === 1 && kernel.every((size) => size === 3) && [...stride, ...dilation].every((step) => step === 1);
}

/** Products that Winograd makes for each one of the layer: 36 per tile of 4 × 4 outputs, in whole quads of tiles and whole vectors of 8 input channels. */
export function winogradWork({ inC, outH, outW }: Pick<ConvolutionGeometry, 'inC' | 'outH' | 'outW'>): number {
  const whole = (count: number, step: number): number => Math.ceil(count / step) * step;
  const tiles = whole(Math.ceil(outH / 4) * Math.ceil(outW / 4), 4);
  return (36 * tiles * whole(inC, 8)) / (9 * outH * outW * inC);
}

/** Whether Winograd was faster than the direct kernel for such a layer, by the measurements above. */
export function isWinogradFaster(geometry: ConvolutionGeometry): boolean {
  return geometry.inC >= FEWEST_CHANNELS && winogradWork(geometry) < MOST_WORK;
}

export function chooseConvolution(geometry: ConvolutionGeometry, weight: IntegerTensor, input: IntegerValue, { memory = 'balanced', convolution = 'auto' }: ProgramOptions): ConvolutionAlgorithm {
  if (convolution === 'direct' || convolution === 'winograd_f23' || !isWinogradShape(geometry)) return 'direct';
  // Eight bytes per weight are more than `balanced` allows, whatever the layer.
  if (convolution === 'auto' && (memory !== 'fast' || !isWinogradFaster(geometry))) return 'direct';
  const sums = channelWeights(weight.data, geometry.outC, null);
  return isWinogradExact(sums, input.range, input.zeroPoint) ? 'winograd_f43' : 'direct';
}
