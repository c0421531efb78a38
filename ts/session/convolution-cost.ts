/**
 * What a convolution takes, estimated from work that can be counted and nanoseconds that `npm run tune` measured (cost-table.ts). Only ratios between
 * algorithms on one machine matter: they decide which one a layer runs by, never what it computes.
 */
import type { Flavour, Lowering } from '../wasm/engine.js';
import type { ConvolutionGeometry } from './convolution-algorithm.js';

/** Direct kernels with one group: by i16, by two weights in an i16, or by bytes. */
export type DirectKind = 'direct_i16' | 'direct_paired' | 'direct_bytes';

/** The kernels with one group: the direct ones and the two Winograds. */
export type CostKind = DirectKind | 'winograd_f23' | 'winograd_f43';

export const COST_KINDS: readonly CostKind[] = ['direct_i16', 'direct_paired', 'direct_bytes', 'winograd_f23', 'winograd_f43'];

/** What engines differ by (DESIGN §4): the instruction under the relaxed dot product, or the flavour that has none. */
export type CostKey = Exclude<Lowering, 'none' | 'other'> | 'simd128' | 'scalar';

/** How much of each kind of work a layer is, padding of channels and tiles included. */
export interface Work {
  /** Multiply-accumulates that the kernel makes. */
  readonly products: number;
  /** Elements gathered or transformed on the way in. */
  readonly input: number;
  /** Sums transformed or requantized on the way out. */
  readonly output: number;
  /** Bytes of packed weights that a network streams past. */
  readonly weights: number;
}

/** Nanoseconds per unit of work, and `fixed` for each call. */
export interface Coefficients extends Work {
  readonly fixed: number;
}

export type EngineCosts = Readonly<Partial<Record<CostKind, Coefficients>>>;

export type CostTable = Readonly<Partial<Record<CostKey, EngineCosts>>>;

export function costKey(flavour: Flavour, lowering: Lowering): CostKey {
  if (lowering === 'none') return flavour === 'scalar' ? 'scalar' : 'simd128';
  return lowering === 'other' ? 'pmaddubsw' : lowering;
}

/** The part of the table for this engine. Where nobody has measured `sdot` yet, the other one-instruction lowering is the nearest that is known. */
export function costsOf(table: CostTable, key: CostKey): EngineCosts {
  return table[key] ?? (key === 'sdot' ? table.vpdpbusd : undefined) ?? {};
}

export function workOf(kind: CostKind, { inC, outC, outH, outW, kernel }: ConvolutionGeometry): Work {
  const outs = whole(outC, kind === 'direct_paired' ? 16 : 8);
  if (kind === 'winograd_f23') {
    const ins = whole(inC, 16);
    const positions = positionsF23(outH) * positionsF23(outW);
    // Weights rest as nibbles and are transformed in every run.
    return { products: positions * ins * outs, input: positions * ins, output: positions * outs, weights: 4.5 * ins * outs };
  }
  if (kind === 'winograd_f43') {
    const tiles = whole(Math.ceil(outH / 4) * Math.ceil(outW / 4), 4);
    const ins = whole(inC, 8);
    // Weights rest as bytes and are transformed in every run.
    return { products: 36 * tiles * ins * outs, input: 36 * tiles * ins, output: 36 * tiles * outs, weights: 9 * ins * outs };
  }
  const pixels = whole(outH * outW, 4);
  const step = kind === 'direct_bytes' ? 4 : 2;
  // Whole windows of so few channels are laid side by side, else each kernel position is rounded up.
  const taps = inC <= 4 ? whole(kernel[0] * kernel[1] * inC, step) : kernel[0] * kernel[1] * whole(inC, step);
  return { products: pixels * taps * outs, input: pixels * taps, output: pixels * outs, weights: taps * outs };
}

/** Positions of the tiles along one side: four for two outputs, three for an odd last one. */
function positionsF23(size: number): number {
  return 4 * Math.floor(size / 2) + 3 * (size % 2);
}

/** Nanoseconds of one run of the layer. */
export function estimate(kind: CostKind, geometry: ConvolutionGeometry, { products, input, output, weights, fixed }: Coefficients): number {
  const work = workOf(kind, geometry);
  return work.products * products + work.input * input + work.output * output + work.weights * weights + fixed;
}

function whole(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}
