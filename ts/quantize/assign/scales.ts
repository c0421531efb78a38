import { channelKey, type Statistics } from '../calibration/calibrate.js';
import type { CodeDtype } from '../../integer/integer-graph.js';
import { type FixedRequest, q15Channels } from '../fixed/quantize-fixed.js';
import { refineCodes } from '../fixed/refine-codes.js';
import { zeroPointOf } from '../../graph/quantize-float.js';
import type { FixedCodes, FixedWeights } from '../fixed/fixed-codes.js';
import type { ChannelStatistics } from '../calibration/channels.js';
import type { ResolvedOptions } from '../options.js';
import { isLinear, type LinearOp, type Plan, type PlanNode } from '../plan/plan.js';
import { poolDivisors } from '../plan/pool-divisors.js';
import { carrierGrowth, CODE_FLOOR } from '../scales/linear-q15.js';
import { channelWeights, idealWeightScales } from '../scales/weights.js';
import type { LayerBits } from './bits.js';
import { dtypeOf, levelsOf, representationOf, type Representation, type Representations } from './representations.js';
import type { ScaleGroups } from './scale-groups.js';

/** Carriers take 13 bits of magnitude for what calibration saw: four times as much fits. */
export const CARRIER_LEVELS = 8191;
const CARRIER_RANGE = [-32767, 32767] as const;
/** Largest error that q15 may make where codes are fixed, in codes: an eighth of 15 turns over few of them; one of 255 and 32 of 8191 are what 2^−9 of the largest is. */
const FIXED_TOLERANCE = { u4: 1 / 8, c8: 1, i16: 32 } as const;
/** A value that was 0 on every sample, or tiny, must still have a scale that f32 arithmetic can use. */
const SMALLEST_LIMIT = 1e-20;

/** The decisions that emission needs, per value and layer. */
export class Scales {
  readonly #codes = new Map<string, number>();
  readonly #carriers = new Map<string, number>();
  readonly idealWeights = new Map<string, Float64Array>();

  constructor(
    readonly plan: Plan,
    readonly groups: ScaleGroups,
    readonly nonNegative: ReadonlySet<string>,
    readonly bits: ReadonlyMap<string, LayerBits>,
    readonly representations: Representations,
    readonly statistics: Statistics,
    readonly options: ResolvedOptions,
  ) {
    for (const node of plan.nodes) {
      if (!isLinear(node)) continue;
      const method = options.calibrate === 'mse' && !node.op.elementwise ? 'mse' : 'minmax';
      const { fixed } = node.op;
      this.idealWeights.set(node.name, fixed ? fixed.factors.map((factor) => Math.abs(factor) * fixed.scale) : idealWeightScales(node.op, bits.get(node.name)!.weight, method));
    }
    for (const [group, members] of groups.members()) this.#chooseBase(group, members);
    for (const node of plan.nodes) if (isLinear(node)) this.#growForLinear(node);
    this.#growForElementwise();
  }

  /** real = scale · code; an f32 number. */
  of(value: string, representation: Representation): number {
    const group = this.groups.of(value);
    return representation === 'i16' ? this.#carriers.get(group)! : this.#codes.get(`${representation} ${group}`)!;
  }

  /** The type that stores a value in this representation. */
  dtype(value: string, representation: Representation): CodeDtype {
    const codes = this.#fixed(value, representation);
    return dtypeOf(representation, codes ? codes.range[0] >= 0 || zeroPointOf(codes.range) !== 0 : this.nonNegative.has(this.groups.of(value)));
  }

  /** What a stored code has on top of those that `range` counts. */
  zeroPoint(value: string, representation: Representation): number {
    const codes = this.#fixed(value, representation);
    return codes ? zeroPointOf(codes.range) : 0;
  }

  /** The codes that it may hold, counted from its zero point. */
  range(value: string, representation: Representation): readonly [number, number] {
    return this.#fixed(value, representation)?.range ?? codeRange(representation, this.nonNegative.has(this.groups.of(value)), this.options.activations);
  }

  /** The fixed codes of a value, if this is their representation. */
  #fixed(value: string, representation: Representation): FixedCodes | undefined {
    const codes = this.plan.codes.get(value);
    return codes && representationOf(codes) === representation ? codes : undefined;
  }

  #chooseBase(group: string, members: readonly string[]): void {
    const nonNegative = this.nonNegative.has(group);
    const pads = this.plan.nodes.flatMap((node) => (node.op.kind === 'pad' && members.includes(node.output) ? [Math.abs(node.op.value)] : []));
    const limit = (levels: number, source: ReadonlyMap<string, { limit(levels: number): number }>): number => {
      let top = 0;
      for (const member of members) top = Math.max(top, source.get(member)?.limit(levels) ?? 0);
      for (const pad of pads) top = Math.max(top, pad);
      return top < SMALLEST_LIMIT ? (top === 0 ? 1 : SMALLEST_LIMIT) : top;
    };
    for (const representation of ['c8', 'u4'] as const) {
      const levels = levelsOf(representation, nonNegative, this.options.activations);
      this.#codes.set(`${representation} ${group}`, Math.fround(limit(levels, this.statistics.limits) / levels));
    }
    for (const member of members) {
      const codes = this.plan.codes.get(member);
      if (codes) this.#codes.set(`${representationOf(codes)} ${group}`, codes.scale);
    }
    const holdsInput = members.some((member) => this.plan.inputs.includes(member));
    const carrier = holdsInput ? this.#codes.get(`c8 ${group}`)! : Math.fround(limit(CARRIER_LEVELS, this.statistics.extremes) / CARRIER_LEVELS);
    this.#carriers.set(group, carrier);
  }

  /** A carrier written by a convolution or dense layer: coarse enough for q15 to hold its accumulators. */
  #growForLinear(node: PlanNode<LinearOp>): void {
    if (this.options.requantization === 'exact' || this.representations.values.get(node.output)!.primary !== 'i16') return;
    const growth = node.op.fixed ? this.#fixedGrowth(node, node.op.fixed) : carrierGrowth(this.ratios(node), this.carrierReach(node));
    const group = this.groups.of(node.output);
    this.#carriers.set(group, this.#carriers.get(group)! * growth);
  }

  /** The smallest growth at which q15 holds codes that are fixed; 1 where none does. */
  #fixedGrowth(node: PlanNode<LinearOp>, fixed: FixedWeights): number {
    const request = this.fixedRequest(node, fixed, CARRIER_RANGE);
    for (const growth of [1, 2, 4, 8]) if (q15Channels({ ...request, outputScale: request.outputScale * growth })) return growth;
    return 1;
  }

  /** What quantizing a layer of fixed weight codes asks for; `clamp` is the operation's. */
  fixedRequest(node: PlanNode<LinearOp>, fixed: FixedWeights, clamp: readonly [number, number]): FixedRequest {
    const reads = this.representations.reads.get(node.name)![0]!;
    const writes = this.representations.values.get(node.output)!.primary;
    const isCarrier = writes === 'i16';
    const scales = this.linearScales(node);
    const refined = refineCodes(fixed, { ...scales, outputLevels: isCarrier ? CARRIER_LEVELS : Math.max(-clamp[0], clamp[1]) });
    return {
      name: node.name, op: node.op, fixed: refined, ...scales, inputRange: this.range(node.inputs[0]!, reads), clamp,
      seen: isCarrier ? this.carrierReach(node).map((reach) => reach * scales.outputScale) : undefined,
      observed: this.#seenChannels(node),
      floor: writes === 'u4' ? CODE_FLOOR.four : CODE_FLOOR.eight,
      tolerance: this.plan.codes.has(node.output) ? FIXED_TOLERANCE.u4 : FIXED_TOLERANCE[writes],
      requantization: this.options.requantization,
    };
  }

  /**
   * Sums, pools, concats and clips that read carriers: an output scale below an input's would push t out of 16 bits. Scales grow along the
   * network, so one round per node at most settles them.
   */
  #growForElementwise(): void {
    let changed = true;
    for (let round = 0; changed && round < this.plan.nodes.length; round++) {
      changed = false;
      for (const node of this.plan.nodes) {
        if (!['add', 'average_pool', 'concat', 'clip'].includes(node.op.kind)) continue;
        for (const [i, input] of node.inputs.entries()) {
          if (this.representations.reads.get(node.name)![i] === 'i16' && this.#growFrom(node, input)) changed = true;
        }
      }
    }
  }

  #growFrom(node: PlanNode, input: string): boolean {
    const source = this.groups.of(input);
    const output = this.groups.of(node.output);
    if (source === output || this.#comesFromInput(source) || this.#comesFromInput(output)) return false;
    const least = Math.fround(this.#carriers.get(source)! * this.#carrierRatio(node));
    if (least <= this.#carriers.get(output)!) return false;
    this.#carriers.set(output, least);
    return true;
  }

  /** By how much a carrier's scale must exceed that of the carrier it is made from. */
  #carrierRatio({ op, inputs, output }: PlanNode): number {
    if (op.kind !== 'average_pool') return 1;
    const [, , height = 1, width = 1] = this.plan.shapes.get(output)!;
    return Math.max(...poolDivisors(op.attributes, this.plan.shapes.get(inputs[0]!)!, [height, width]).map(poolCarrierRatio));
  }

  #comesFromInput(group: string): boolean {
    return this.plan.inputs.some((input) => this.groups.of(input) === group);
  }

  /** s_in·s_w0[c]/s_out of a layer. */
  ratios(node: PlanNode<LinearOp>): Float64Array {
    const { inputScale, outputScale } = this.linearScales(node);
    return this.idealWeights.get(node.name)!.map((scale) => (inputScale * scale) / outputScale);
  }

  linearScales(node: PlanNode<LinearOp>): { inputScale: number; outputScale: number } {
    const input = this.representations.reads.get(node.name)![0]!;
    const output = this.representations.values.get(node.output)!.primary;
    return { inputScale: this.of(node.inputs[0]!, input), outputScale: this.of(node.output, output) };
  }

  /** Per channel of a layer's output, what calibration saw; undefined where it saw nothing. */
  #seenChannels(node: PlanNode<LinearOp>): ChannelStatistics | undefined {
    const seen = this.statistics.channels.get(channelKey(node.output, node.op.form));
    return seen && seen.count > 0 ? seen : undefined;
  }

  /**
   * Per channel, whether calibration saw its output vary by a code or more; undefined (all count) where it saw nothing or nothing that varies.
   * Dead channels, whose weights are thousands of times smaller than the others', must not push a layer out of q15.
   */
  livingChannels(node: PlanNode<LinearOp>): boolean[] | undefined {
    const seen = this.#seenChannels(node);
    if (!seen) return undefined;
    const { outputScale } = this.linearScales(node);
    const living = Array.from(seen.hi, (hi, c) => hi - seen.lo[c]! >= outputScale);
    return living.includes(true) ? living : undefined;
  }

  /**
   * The largest |code| of the output carrier that t must hold, per channel: twice what calibration saw or what the input's range can
   * make, whichever is smaller, and no further than the layer's clamp shows.
   */
  carrierReach(node: PlanNode<LinearOp>): Float64Array {
    const { inputScale, outputScale } = this.linearScales(node);
    const input = this.representations.reads.get(node.name)![0]!;
    const range = this.range(node.inputs[0]!, input);
    const seen = this.#seenChannels(node);
    return Float64Array.from({ length: node.op.weightShape[0]! }, (_, c) => {
      let [lowest, highest] = provedRange(node.op, c, range[0] * inputScale, range[1] * inputScale);
      if (seen) {
        highest = Math.min(highest, 2 * Math.max(0, seen.hi[c]!));
        if (node.bounds.lo === -Infinity) lowest = Math.max(lowest, 2 * Math.min(0, seen.lo[c]!));
      }
      highest = Math.min(highest, node.bounds.hi + outputScale);
      lowest = Math.max(lowest, node.bounds.lo - outputScale);
      if (node.bounds.lo >= 0) lowest = 0;
      return Math.max(highest, -lowest, 0) / outputScale;
    });
  }
}

/** A sum of k carriers needs a shift of ⌈log2 k⌉ to fit t; with s_out this much above s_in, the multiplier that goes with it has 15 bits. */
function poolCarrierRatio(k: number): number {
  let power = 1;
  while (power < k) power *= 2;
  return power === 1 ? 1 : (power / k) * (1 + 1 / 8192);
}

function provedRange(op: LinearOp, c: number, lo: number, hi: number): [number, number] {
  let lowest = op.bias?.[c] ?? 0;
  let highest = lowest;
  for (const w of channelWeights(op, c)) {
    lowest += w > 0 ? w * Math.min(lo, 0) : w * Math.max(hi, 0);
    highest += w > 0 ? w * Math.max(hi, 0) : w * Math.min(lo, 0);
  }
  return [lowest, highest];
}

/** The range of codes that a value of this representation may hold (SPEC 1.1). */
export function codeRange(representation: Representation, nonNegative: boolean, activations: 'u8' | 'n8'): readonly [number, number] {
  if (representation === 'i16') return [nonNegative ? 0 : -32767, 32767];
  if (representation === 'u4') return [0, 15];
  return nonNegative ? [0, activations === 'u8' ? 255 : 127] : [-128, 127];
}
