/** Which kernel runs a convolution with one group: of those that are exact for it and allowed their memory, the one that the cost table says is fastest. */
import { channelWeights } from '../integer/accumulator.js';
import type { IntegerTensor, IntegerValue, Pair } from '../integer/integer-graph.js';
import { estimate, type CostKind, type CostTable, type EngineCosts } from './convolution-cost.js';
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
  /** Instead of the table that is part of the package: measured elsewhere, or made up by a test. */
  readonly costs?: CostTable;
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

/** The kernel computes 3 × 3, stride 1, dilation 1, one group, and nothing else. */
function isWinogradShape({ kernel, stride, dilation, groups }: ConvolutionGeometry): boolean {
  return groups === 1 && kernel.every((size) => size === 3) && [...stride, ...dilation].every((step) => step === 1);
}

/** Whether F(4,3) computes the layer: its window, and sums that provably fit. */
export function isWinogradF43(geometry: ConvolutionGeometry, weight: IntegerTensor, input: IntegerValue): boolean {
  return isWinogradShape(geometry) && isWinogradExact(channelWeights(weight.data, geometry.outC, null), input.range, input.zeroPoint);
}

/** What of a layer decides. */
export interface ConvolutionCandidates {
  readonly geometry: ConvolutionGeometry;
  /** Whether the direct kernel has a dot product of bytes for these operands. */
  readonly byBytes: boolean;
  /** Asked only if the answer matters: a proof reads all weights. */
  readonly isExact: (algorithm: Exclude<ConvolutionAlgorithm, 'direct'>) => boolean;
}

/** `costs`: the engine's part of the table; without it, or a line of it, nothing but the direct kernel is known to be fast. */
export function chooseConvolution({ geometry, byBytes, isExact }: ConvolutionCandidates, costs: EngineCosts, { memory = 'balanced', convolution = 'auto' }: ProgramOptions): ConvolutionAlgorithm {
  if (convolution === 'direct') return 'direct';
  if (convolution !== 'auto') return isExact(convolution) ? convolution : 'direct';
  const time = (kind: CostKind): number => {
    const coefficients = costs[kind];
    return coefficients === undefined ? Infinity : estimate(kind, geometry, coefficients);
  };
  const direct = time(byBytes ? 'direct_bytes' : 'direct_i16');
  const faster = ALLOWED[memory].map((algorithm) => ({ algorithm, time: time(algorithm) })).filter((one) => one.time < direct);
  faster.sort((a, b) => a.time - b.time);
  return faster.find(({ algorithm }) => isExact(algorithm))?.algorithm ?? 'direct';
}

/** F(4,3) takes eight bytes per weight, more than `balanced` allows; F(2,3) takes 16/9. */
const ALLOWED: Readonly<Record<MemoryMode, readonly Exclude<ConvolutionAlgorithm, 'direct'>[]>> = { balanced: ['winograd_f23'], fast: ['winograd_f23', 'winograd_f43'], compact: [] };
