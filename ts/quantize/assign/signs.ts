import { isPassthrough, type Plan, type PlanNode } from '../plan/plan.js';

/** The values that cannot be negative whatever the input: behind ReLU, and carried through pools, concat, slices and sums. */
export function nonNegativeValues(plan: Plan, nonNegativeInputs: ReadonlySet<string>): Set<string> {
  const found = new Set(nonNegativeInputs);
  for (const node of plan.nodes) if (node.bounds.lo >= 0 || carriesSign(node, found)) found.add(node.output);
  return found;
}

function carriesSign(node: PlanNode, found: ReadonlySet<string>): boolean {
  // A clip whose upper bound is negative makes negative numbers of any others.
  if (node.bounds.hi < 0 || (node.op.kind === 'pad' && node.op.value < 0)) return false;
  const keeps = isPassthrough(node.op) || ['average_pool', 'concat', 'add', 'clip'].includes(node.op.kind);
  return keeps && node.inputs.every((input) => found.has(input));
}
