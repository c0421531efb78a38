import { representationOf } from './representations.js';
import type { Bits } from '../options.js';
import { isLinear, type Plan } from '../plan/plan.js';

export interface LayerBits {
  readonly weight: 4 | 8;
  readonly activation: 4 | 8;
  /** Why a layer has 8 bits where the mode says 4; null if it has what the mode says. */
  readonly kept8Because: string | null;
}

/** Bits of every convolution and dense layer by DESIGN §3.6. `nonNegative`: values whose stored codes are unsigned. */
export function assignBits(plan: Plan, mode: Bits, nonNegative: ReadonlySet<string>): Map<string, LayerBits> {
  const { first, last } = firstAndLast(plan);
  const bits = new Map<string, LayerBits>();
  for (const node of plan.nodes) {
    if (!isLinear(node)) continue;
    const eight = (reason: string | null): LayerBits => ({ weight: 8, activation: 8, kept8Because: reason });
    const codes = plan.codes.get(node.inputs[0]!);
    const activation = codes && representationOf(codes) === 'u4' ? 4 : 8;
    if (node.op.fixed) bits.set(node.name, { weight: node.op.fixed.levels <= 7 ? 4 : 8, activation, kept8Because: null });
    else if (mode === 'w8a8') bits.set(node.name, eight(null));
    else if (node.op.elementwise) bits.set(node.name, eight('element-wise layer'));
    else if (first.has(node.name)) bits.set(node.name, eight('first layer'));
    else if (last.has(node.name)) bits.set(node.name, eight('last layer'));
    else if (mode === 'w4a8') bits.set(node.name, { weight: 4, activation: 8, kept8Because: null });
    else if (!nonNegative.has(node.inputs[0]!)) bits.set(node.name, eight('input goes below zero'));
    else bits.set(node.name, { weight: 4, activation: 4, kept8Because: null });
  }
  return bits;
}

/** Convolutions and dense layers with none before them, or none after them, on some path. */
export function firstAndLast(plan: Plan): { first: Set<string>; last: Set<string> } {
  const first = new Set<string>();
  const last = new Set<string>();
  const fresh = new Set(plan.inputs);
  const counts = (node: Plan['nodes'][number]): boolean => isLinear(node) && !node.op.elementwise;
  for (const node of plan.nodes) {
    if (!node.inputs.some((input) => fresh.has(input))) continue;
    if (counts(node)) first.add(node.name);
    else fresh.add(node.output);
  }
  const final = new Set(plan.outputs.map(({ value }) => value));
  for (const node of [...plan.nodes].reverse()) {
    if (!final.has(node.output)) continue;
    if (counts(node)) last.add(node.name);
    else for (const input of node.inputs) final.add(input);
  }
  return { first, last };
}
