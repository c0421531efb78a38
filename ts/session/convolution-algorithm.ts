/** Which kernel runs each convolution with one group: the fastest by the cost table of those that are exact, as far as their memory goes. */
import type { Pair } from '../integer/integer-graph.js';
import { estimate, type CostKind, type CostTable, type DirectKind, type EngineCosts } from './convolution-cost.js';

/**
 * What packed weights may cost. `balanced` (default): at most twice the int8 bytes of the whole network's, spent where they save most time.
 * `fast`: whatever the fastest kernel wants: Winograd F(2,3) takes half a byte per weight, F(4,3) one, channels rounded up to multiples of 8. `compact`: 4-bit weights stay nibbles and 8-bit ones bytes; a layer's panels
 * are made anew in every run, in memory that layers share, but for those of F(2,3), which are nibbles.
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

/** What F(4,3) computes, whatever the operands: 3 × 3, stride 1, dilation 1, one group. */
export function isWinogradF43({ kernel, stride, dilation, groups }: ConvolutionGeometry): boolean {
  return groups === 1 && kernel.every((size) => size === 3) && [...stride, ...dilation].every((step) => step === 1);
}

/** What of a layer decides. */
export interface ConvolutionCandidates {
  readonly geometry: ConvolutionGeometry;
  /** The kernel that runs the layer direct. */
  readonly direct: DirectKind;
  /** Bytes of the weights packed for an algorithm. */
  readonly bytes: (algorithm: ConvolutionAlgorithm) => number;
  /** What `compact` lets packed weights take. */
  readonly compactBytes: number;
  /** Asked only if the answer matters: a proof reads all weights. */
  readonly isExact: (algorithm: Winograd) => boolean;
}

type Winograd = Exclude<ConvolutionAlgorithm, 'direct'>;

/** A layer's way to be faster than it is so far. */
interface Upgrade {
  readonly layer: number;
  readonly algorithm: Winograd;
  /** Nanoseconds, and bytes that it takes, all told. */
  readonly time: number;
  readonly bytes: number;
}

/**
 * One algorithm per layer. `room`: bytes that packed weights may take beyond those of all layers run direct. Spent greedily, the most nanoseconds
 * saved per byte first. `costs`: the engine's part of the table; without it, or a line of it, nothing but the direct kernel is known to be fast.
 */
export function chooseConvolutions(layers: readonly ConvolutionCandidates[], room: number, costs: EngineCosts, { memory = 'balanced', convolution = 'auto' }: ProgramOptions): ConvolutionAlgorithm[] {
  if (convolution !== 'auto') return layers.map(({ isExact }) => (convolution !== 'direct' && isExact(convolution) ? convolution : 'direct'));
  const chosen = layers.map(({ geometry, direct, bytes }) => ({ algorithm: 'direct' as ConvolutionAlgorithm, time: timeOf(direct, geometry, costs), bytes: bytes('direct') }));
  let upgrades = layers.flatMap(({ geometry, bytes, compactBytes }, layer) =>
    WINOGRADS.filter((algorithm) => memory !== 'compact' || bytes(algorithm) <= compactBytes)
      .map((algorithm): Upgrade => ({ layer, algorithm, time: timeOf(algorithm, geometry, costs), bytes: bytes(algorithm) })),
  );
  let left = memory === 'balanced' ? room : Infinity;
  const extra = ({ layer, bytes }: Upgrade): number => bytes - (chosen[layer]?.bytes ?? 0);
  const saved = ({ layer, time }: Upgrade): number => (chosen[layer]?.time ?? 0) - time;
  // With room for all, the fastest first: a proof of what a faster one replaces would be for nothing.
  const worth = (upgrade: Upgrade): number => (left === Infinity ? saved(upgrade) : saved(upgrade) / Math.max(extra(upgrade), 1));
  for (;;) {
    upgrades = upgrades.filter((upgrade) => saved(upgrade) > 0 && extra(upgrade) <= left);
    const [first, ...others] = upgrades;
    if (first === undefined) return chosen.map(({ algorithm }) => algorithm);
    const best = others.reduce((most, upgrade) => (worth(upgrade) > worth(most) ? upgrade : most), first);
    upgrades = upgrades.filter((upgrade) => upgrade !== best);
    if (!(layers[best.layer] as ConvolutionCandidates).isExact(best.algorithm)) continue;
    left -= extra(best);
    chosen[best.layer] = best;
  }
}

const WINOGRADS: readonly Winograd[] = ['winograd_f23', 'winograd_f43'];

function timeOf(kind: CostKind, geometry: ConvolutionGeometry, costs: EngineCosts): number {
  const coefficients = costs[kind];
  return coefficients === undefined ? Infinity : estimate(kind, geometry, coefficients);
}
