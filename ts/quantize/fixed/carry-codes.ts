import { consumersOf, isPassthrough, type Plan, type PlanNode, producersOf, UNBOUNDED } from '../plan/plan.js';
import { representationOf } from '../assign/representations.js';
import { type FixedCodes, sameCodes } from './fixed-codes.js';

/**
 * Gives fixed codes to the values that are only read as such: then what makes the value writes them, and the `quantize` node goes. Codes move in front of
 * operations that keep them (quantizing and max pooling commute), and on behind those that read them.
 */
export function carryCodes(plan: Plan): Plan {
  if (plan.codes.size === 0) return plan;
  const carrier = new Carrier(mergeEqual(plan));
  return carrier.carry();
}

/** Two `quantize` nodes that make the same codes of one value are one. */
function mergeEqual(plan: Plan): Plan {
  const kept: PlanNode[] = [];
  const renamed = new Map<string, string>();
  for (const node of plan.nodes) {
    const twin = kept.find(({ op, inputs, output }) => op.kind === 'quantize' && node.op.kind === 'quantize' && inputs[0] === node.inputs[0] && sameCodes(plan.codes.get(output)!, plan.codes.get(node.output)!));
    if (twin !== undefined && !isOutput(plan, node.output)) renamed.set(node.output, twin.output);
    else kept.push({ ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) });
  }
  const without = <T>(map: ReadonlyMap<string, T>): Map<string, T> => new Map([...map].filter(([name]) => !renamed.has(name)));
  return { ...plan, nodes: kept, shapes: without(plan.shapes), codes: without(plan.codes) };
}

function isOutput(plan: Plan, value: string): boolean {
  return plan.outputs.some((output) => output.value === value);
}

class Carrier {
  readonly #codes: Map<string, FixedCodes>;
  readonly #consumers: Map<string, PlanNode[]>;
  readonly #producers: Map<string, PlanNode>;
  /** From the output of a `quantize` node that goes to the value that has its codes. */
  readonly #replaced = new Map<string, string>();

  readonly #shown = new Map<string, string>();

  constructor(readonly plan: Plan) {
    this.#codes = new Map(plan.codes);
    this.#consumers = consumersOf(plan);
    this.#producers = producersOf(plan);
  }

  carry(): Plan {
    for (const node of this.plan.nodes) {
      const value = this.#replaced.get(node.inputs[0]!) ?? node.inputs[0]!;
      const known = this.#codes.get(value);
      if (node.op.kind !== 'quantize') {
        if (known !== undefined && keepsCodes(node)) this.#codes.set(node.output, known);
        continue;
      }
      const codes = this.#codes.get(node.output)!;
      const isThere = known !== undefined && sameCodes(known, codes);
      if (isOutput(this.plan, node.output) || !(isThere || this.#canHold(value, codes))) continue;
      if (!isThere) {
        this.#hold(value, codes);
        this.#shown.set(value, node.output);
      }
      this.#codes.delete(node.output);
      this.#replaced.set(node.output, value);
    }
    const nodes = this.plan.nodes.filter(({ output }) => !this.#replaced.has(output)).map((node) => ({ ...node, inputs: node.inputs.map((input) => this.#replaced.get(input) ?? input) }));
    const shapes = new Map([...this.plan.shapes].filter(([name]) => !this.#replaced.has(name)));
    return { ...this.plan, nodes, shapes, codes: this.#codes, shown: this.#shown };
  }

  /** Whether nothing else reads the value, and its producer can write codes of any scale; an input comes in 8 bits. */
  #canHold(value: string, codes: FixedCodes): boolean {
    if (isOutput(this.plan, value) || this.#consumers.get(value)?.length !== 1 || this.#codes.has(value)) return false;
    const producer = this.#producers.get(value);
    if (producer === undefined) return representationOf(codes) === 'c8';
    if (isPassthrough(producer.op)) return keepsCodes(producer) && this.#canHold(producer.inputs[0]!, codes);
    return ['linear', 'add', 'average_pool', 'clip', 'concat'].includes(producer.op.kind);
  }

  #hold(value: string, codes: FixedCodes): void {
    this.#codes.set(value, codes);
    const producer = this.#producers.get(value);
    if (producer !== undefined && isPassthrough(producer.op)) this.#hold(producer.inputs[0]!, codes);
  }
}

/** Operations that move codes or choose among them, and make none. */
function keepsCodes({ op, bounds }: PlanNode): boolean {
  if (op.kind === 'pad' && op.value !== 0) return false;
  return isPassthrough(op) && bounds.lo === UNBOUNDED.lo && bounds.hi === UNBOUNDED.hi;
}
