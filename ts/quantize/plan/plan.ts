import type { Bounds, PoolAttributes } from '../../graph/graph.js';
import type { FixedCodes, FixedWeights } from '../fixed/fixed-codes.js';
import type { Pads, Pair } from '../../integer/integer-graph.js';

/** Weights and bias of a convolution or dense layer, with everything constant around it folded in. */
export interface LinearOp {
  readonly kind: 'linear';
  readonly form: 'conv2d' | 'dense';
  /** [OC, IC/g, KH, KW] or [N, K], row-major. */
  readonly weightShape: readonly number[];
  readonly weight: Float64Array;
  readonly bias: Float64Array | null;
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation: Pair;
  readonly groups: number;
  /** A batch norm or constant addition written as a 1×1 depthwise convolution: always 8 bits, and no layer when first and last are counted. */
  readonly elementwise: boolean;
  /** The codes of the weights, where training fixed them; `weight` is what they stand for. */
  readonly fixed: FixedWeights | null;
}

export type PlanOp =
  | LinearOp
  | { readonly kind: 'add' }
  | { readonly kind: 'max_pool'; readonly attributes: PoolAttributes }
  | { readonly kind: 'average_pool'; readonly attributes: PoolAttributes }
  | { readonly kind: 'clip' }
  /** Writes the codes that `Plan.codes` gives its output. */
  | { readonly kind: 'quantize' }
  | { readonly kind: 'concat'; readonly axis: number }
  | { readonly kind: 'slice'; readonly starts: readonly number[]; readonly steps: readonly number[] }
  | { readonly kind: 'pad'; readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }
  | { readonly kind: 'transpose'; readonly perm: readonly number[] }
  | { readonly kind: 'reshape' };

export interface PlanNode<Op extends PlanOp = PlanOp> {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** ReLU and clips fused into the node. */
  readonly bounds: Bounds;
  readonly op: Op;
}

/** The float network in the vocabulary of SPEC 3: what the quantizer decides about. Values are named as in the Graph; a few are new. */
export interface Plan {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly value: string; readonly softmax: number | null }[];
  readonly nodes: readonly PlanNode[];
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Values whose codes are fixed: their primary representation has this scale and range. */
  readonly codes: ReadonlyMap<string, FixedCodes>;
  /** Values that their producer writes as fixed codes, and the value of the Graph that such codes show. */
  readonly shown: ReadonlyMap<string, string>;
}

export const UNBOUNDED: Bounds = { lo: -Infinity, hi: Infinity };

/** Operations whose output keeps type, scale and zero point of their input (SPEC 3.4 max pool, 3.7). */
export function isPassthrough(op: PlanOp): boolean {
  return op.kind === 'max_pool' || op.kind === 'slice' || op.kind === 'pad' || op.kind === 'transpose' || op.kind === 'reshape';
}

export function isLinear(node: PlanNode): node is PlanNode<LinearOp> {
  return node.op.kind === 'linear';
}

/** For every value, the nodes that read it, once per use. */
export function consumersOf(plan: Plan): Map<string, PlanNode[]> {
  const consumers = new Map<string, PlanNode[]>();
  for (const node of plan.nodes) {
    for (const input of node.inputs) {
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}

export function producersOf(plan: Plan): Map<string, PlanNode> {
  return new Map(plan.nodes.map((node) => [node.output, node]));
}
