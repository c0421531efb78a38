/** Which nodes of a tape are done in one pass: batch norm, the residual that is added to it and the clamp after that; an add and its clamp. */
import type { TapeNode, TapeOp, Value } from '../tape/node.js';

export type NodeOf<Op extends TapeOp> = Extract<TapeNode, { readonly op: Op }>;

/** clamp(batch_norm(input) + residual, lo, hi) */
export interface NormalizeNode {
  readonly op: 'normalize';
  readonly name: string;
  readonly norm: NodeOf<'batch_norm'>;
  readonly input: Value;
  readonly residual: Value | null;
  readonly lo: number;
  readonly hi: number;
  readonly output: Value;
}

/** clamp(a + b, lo, hi) */
export interface AddNode {
  readonly op: 'add';
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly lo: number;
  readonly hi: number;
  readonly output: Value;
}

export type PlanNode = Exclude<TapeNode, { readonly op: 'batch_norm' | 'add' }> | NormalizeNode | AddNode;

/** What a TrainingProgram needs to know of a tape. */
export interface TapeRecord {
  readonly nodes: readonly TapeNode[];
  readonly input: Value;
  readonly output: Value;
}

export interface Plan {
  /** In an order in which they can run. */
  readonly nodes: readonly PlanNode[];
  /** Values that only a batch norm reads: a quantized layer may leave its exact sums there. */
  readonly sums: ReadonlySet<number>;
  /** Who reads a value first, and so is the last to add to its gradient. */
  readonly firstReaders: ReadonlyMap<number, PlanNode>;
  /** Batch norms, by the value that they make. */
  readonly norms: ReadonlyMap<number, NormalizeNode>;
}

/** What a node reads. */
export function inputsOf(node: PlanNode): readonly Value[] {
  if (node.op !== 'normalize') return node.inputs;
  return [node.input, ...(node.residual === null ? [] : [node.residual])];
}

export function fuse({ nodes, output }: TapeRecord): Plan {
  const live = liveNodes(nodes, output);
  const readers = readersOf(nodes, live, output);
  const isOnlyReadBy = (value: Value, count: number): boolean => readers.get(value.index) === count;
  const absorbed = new Map<number, number>();
  nodes.forEach((node, index) => {
    if (!live.has(index)) return;
    const candidates = node.op === 'add' && node.inputs[0] !== node.inputs[1] ? node.inputs.filter(({ node: from }) => nodes[from]?.op === 'batch_norm') : [];
    if (node.op === 'clamp') candidates.push(...node.inputs.filter(({ node: from }) => nodes[from]?.op === 'batch_norm' || nodes[from]?.op === 'add'));
    // Of two batch norms that are added the later one: the other's result is there by then.
    const from = Math.max(-1, ...candidates.filter((value) => isOnlyReadBy(value, 1)).map((value) => value.node));
    if (from >= 0) absorbed.set(index, from);
  });
  const inner = new Set(absorbed.values());
  const plan = nodes.flatMap((_, index) => (live.has(index) && !inner.has(index) ? [join(nodes, absorbed, index)] : []));
  const sums = new Set(plan.flatMap((node) => (node.op === 'normalize' && isOnlyReadBy(node.input, 1) && node.input !== node.residual ? [node.input.index] : [])));
  const firstReaders = new Map([...plan].reverse().flatMap((node) => inputsOf(node).map(({ index }) => [index, node] as const)));
  const norms = new Map(plan.flatMap((node) => (node.op === 'normalize' ? [[node.output.index, node] as const] : [])));
  return { nodes: plan, sums, firstReaders, norms };
}

/** The node at `index` with what it absorbed. */
function join(nodes: readonly TapeNode[], absorbed: ReadonlyMap<number, number>, index: number): PlanNode {
  const node = nodes[index] as TapeNode;
  const from = absorbed.get(index);
  if (node.op === 'batch_norm') {
    return { op: 'normalize', name: node.name, norm: node, input: node.inputs[0] as Value, residual: null, lo: -Infinity, hi: Infinity, output: node.output };
  }
  if (node.op === 'add') {
    if (from === undefined) return { op: 'add', name: node.name, inputs: node.inputs, lo: -Infinity, hi: Infinity, output: node.output };
    const residual = node.inputs.find((value) => value.node !== from) as Value;
    return { ...(join(nodes, absorbed, from) as NormalizeNode), residual, output: node.output };
  }
  if (node.op !== 'clamp' || from === undefined) return node;
  return { ...(join(nodes, absorbed, from) as NormalizeNode | AddNode), lo: node.lo, hi: node.hi, output: node.output };
}

/** Those that the output depends on. */
function liveNodes(nodes: readonly TapeNode[], output: Value): Set<number> {
  const live = new Set([output.node]);
  for (let index = nodes.length - 1; index >= 0; index--) {
    if (live.has(index)) for (const input of (nodes[index] as TapeNode).inputs) live.add(input.node);
  }
  return live;
}

/** How often each value is read; the result of the network counts as read by the loss. */
function readersOf(nodes: readonly TapeNode[], live: ReadonlySet<number>, output: Value): Map<number, number> {
  const readers = new Map<number, number>([[output.index, 1]]);
  nodes.forEach((node, index) => {
    if (live.has(index)) for (const { index: value } of node.inputs) readers.set(value, (readers.get(value) ?? 0) + 1);
  });
  return readers;
}
