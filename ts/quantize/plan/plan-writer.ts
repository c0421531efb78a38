import type { Bounds, Constant, Graph, GraphNode } from '../../graph/graph.js';
import type { FixedCodes, FixedWeights } from '../fixed/fixed-codes.js';
import { type PlanNode, type PlanOp, UNBOUNDED } from './plan.js';

/** What a handler throws about one node; all of them end in one error. */
export class Unsupported extends Error {}

/** Collects plan nodes, and answers questions about the Graph they come from. */
export class PlanWriter {
  readonly nodes: PlanNode[] = [];
  readonly shapes = new Map<string, readonly number[]>();
  readonly #names = new Set<string>();

  /** By value. */
  readonly codes = new Map<string, FixedCodes>();

  /** `fixed`: the layers whose weight codes are given, by node name. */
  constructor(readonly graph: Graph, readonly fixed: ReadonlyMap<string, FixedWeights>) {
    for (const name of graph.inputs) this.shapes.set(name, this.#graphShape(name));
  }

  #graphShape(name: string): readonly number[] {
    const info = this.graph.values.get(name);
    if (!info) throw new Unsupported(`no shape known for "${name}"`);
    return info.shape;
  }

  /** The shape of a value of the Graph, constants included. */
  shapeOf(name: string): readonly number[] {
    return this.shapes.get(name) ?? this.graph.constants.get(name)?.shape ?? this.#graphShape(name);
  }

  fixedWeights(layer: string): FixedWeights | null {
    return this.fixed.get(layer) ?? null;
  }

  /** The f32 constant of that name, or undefined when it is a computed value. */
  constant(name: string): Constant | undefined {
    return name === '' ? undefined : this.graph.constants.get(name);
  }

  /** The name of a computed value; throws when it is a constant or absent. */
  value(node: GraphNode, index: number): string {
    const name = node.inputs[index];
    if (name === undefined || name === '') throw new Unsupported(`input ${index} is missing`);
    if (this.graph.constants.has(name)) throw new Unsupported(`input ${index} is a constant`);
    return name;
  }

  /** A value the Graph does not have. */
  fresh(base: string, shape: readonly number[]): string {
    let name = base;
    for (let i = 1; this.shapes.has(name) || this.graph.values.has(name); i++) name = `${base}.${i}`;
    this.shapes.set(name, shape);
    return name;
  }

  /** Adds a node; its name is made unique. */
  push(name: string, op: PlanOp, inputs: readonly string[], output: string, bounds: Bounds = UNBOUNDED): string {
    let unique = name === '' ? output : name;
    for (let i = 1; this.#names.has(unique); i++) unique = `${name === '' ? output : name}.${i}`;
    this.#names.add(unique);
    if (!this.shapes.has(output)) this.shapes.set(output, this.#graphShape(output));
    this.nodes.push({ name: unique, inputs, output, bounds, op });
    return output;
  }

  /** Reshapes `input` to a new value. */
  reshape(name: string, input: string, shape: readonly number[]): string {
    return this.push(`${name}.reshape`, { kind: 'reshape' }, [input], this.fresh(`${input}.reshaped`, shape));
  }
}
