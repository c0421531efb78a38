import type { CodeDtype } from '../../integer/integer-graph.js';
import type { LayerBits } from './bits.js';
import type { FixedCodes } from '../fixed/fixed-codes.js';
import { consumersOf, isPassthrough, type Plan, producersOf } from '../plan/plan.js';

/** How a value can be stored: a residual carrier, an 8-bit code (u8, n8 or i8 by its sign), a 4-bit code. */
export type Representation = 'i16' | 'c8' | 'u4';

export interface ValueRepresentations {
  /** What the producing operation writes. */
  readonly primary: Representation;
  /** What an addition writes besides its carrier, in the same pass. */
  readonly code: Representation | null;
  /** Made from the primary by one `requantize` each. */
  readonly derived: readonly Representation[];
}

export interface Representations {
  readonly values: ReadonlyMap<string, ValueRepresentations>;
  /** What each node reads, per node name and input position. */
  readonly reads: ReadonlyMap<string, readonly Representation[]>;
}

/** The set of representations of each value: what its consumers need, no more. Works backwards from the outputs. */
export function assignRepresentations(plan: Plan, bits: ReadonlyMap<string, LayerBits>): Representations {
  const consumers = consumersOf(plan);
  const producers = producersOf(plan);
  const outputs = new Set(plan.outputs.map(({ value }) => value));
  const values = new Map<string, ValueRepresentations>();
  const reads = new Map<string, Representation[]>();

  const decide = (name: string): void => {
    const demands = new Set<Representation>();
    const codes = plan.codes.get(name);
    if (outputs.has(name)) demands.add('i16');
    const undecided = [];
    for (const node of consumers.get(name) ?? []) {
      const wanted = codes && readsAnyCodes(node) ? representationOf(codes) : wantedBy(node, bits, values);
      if (wanted === 'any') undecided.push(node);
      else demands.add(wanted);
      if (!reads.has(node.name)) reads.set(node.name, new Array<Representation>(node.inputs.length).fill('i16'));
      if (wanted !== 'any') node.inputs.forEach((input, i) => input === name && (reads.get(node.name)![i] = wanted));
    }
    const producer = producers.get(name);
    if (undecided.length > 0) {
      const choice = codes ? representationOf(codes) : flexibleChoice(demands, producer === undefined);
      demands.add(choice);
      for (const node of undecided) node.inputs.forEach((input, i) => input === name && (reads.get(node.name)![i] = choice));
    }
    values.set(name, codes ? arrangeFixed(demands, representationOf(codes)) : arrange(demands, producer?.op.kind));
  };

  for (const node of [...plan.nodes].reverse()) decide(node.output);
  for (const input of plan.inputs) decide(input);
  return { values, reads };
}

/** Layers read fixed codes and no others; sums and concats requantize whatever they read themselves. */
function readsAnyCodes({ op: { kind } }: Plan['nodes'][number]): boolean {
  return kind === 'linear' || kind === 'add' || kind === 'concat';
}

function wantedBy(node: Plan['nodes'][number], bits: ReadonlyMap<string, LayerBits>, values: ReadonlyMap<string, ValueRepresentations>): Representation | 'any' {
  if (node.op.kind === 'linear') return bits.get(node.name)!.activation === 4 ? 'u4' : 'c8';
  if (node.op.kind === 'concat' || isPassthrough(node.op)) return values.get(node.output)!.primary;
  return node.op.kind === 'add' ? 'i16' : 'any';
}

/** Average pools and standalone clips read anything: the carrier if there is one (it is the most precise), else the 8-bit code that is there anyway. */
function flexibleChoice(demands: ReadonlySet<Representation>, isInput: boolean): Representation {
  if (demands.has('i16')) return 'i16';
  return demands.has('c8') || isInput ? 'c8' : 'i16';
}

function arrange(demands: ReadonlySet<Representation>, producer: Plan['nodes'][number]['op']['kind'] | undefined): ValueRepresentations {
  const all = (['i16', 'c8', 'u4'] as const).filter((r) => demands.has(r));
  if (producer === undefined) return { primary: 'c8', code: null, derived: all.filter((r) => r !== 'c8') };
  if (all.length === 0) return { primary: 'c8', code: null, derived: [] };
  if (all.length === 1) return { primary: all[0]!, code: null, derived: [] };
  const rest = all.filter((r) => r !== 'i16');
  if (producer === 'add') return { primary: 'i16', code: rest[0]!, derived: rest.slice(1) };
  return { primary: 'i16', code: null, derived: rest };
}

/** Fixed codes are what the producer writes; others are made from them. */
function arrangeFixed(demands: ReadonlySet<Representation>, primary: Representation): ValueRepresentations {
  return { primary, code: null, derived: [...demands].filter((r) => r !== primary) };
}

/** The representation that holds fixed codes. */
export function representationOf({ range: [lo, hi] }: FixedCodes): 'c8' | 'u4' {
  return lo >= 0 && hi <= 15 ? 'u4' : 'c8';
}

/** Largest code of a representation; `n8` uses half of a byte. */
export function levelsOf(representation: 'c8' | 'u4', nonNegative: boolean, activations: 'u8' | 'n8'): number {
  if (representation === 'u4') return 15;
  return nonNegative && activations === 'u8' ? 255 : 127;
}

export function dtypeOf(representation: Representation, nonNegative: boolean): CodeDtype {
  if (representation === 'c8') return nonNegative ? 'u8' : 'i8';
  return representation;
}
