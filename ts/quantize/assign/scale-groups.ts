import { consumersOf, isPassthrough, type Plan, producersOf } from '../plan/plan.js';

/** Which values share one scale per representation: the group of a value is named by one of its members. */
export class ScaleGroups {
  readonly #parent = new Map<string, string>();

  constructor(values: Iterable<string>) {
    for (const value of values) this.#parent.set(value, value);
  }

  of(value: string): string {
    let root = value;
    for (let parent = this.#parent.get(root)!; parent !== root; parent = this.#parent.get(root)!) root = parent;
    return root;
  }

  join(a: string, b: string): void {
    this.#parent.set(this.of(b), this.of(a));
  }

  members(): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const value of this.#parent.keys()) {
      const root = this.of(value);
      const list = groups.get(root);
      if (list) list.push(value);
      else groups.set(root, [value]);
    }
    return groups;
  }
}

/** Passthrough operations share the scale of their input; a concat shares its scale with the inputs that nobody else reads and whose producer can write any scale. Fixed codes keep their own. */
export function scaleGroups(plan: Plan): ScaleGroups {
  const groups = new ScaleGroups(plan.shapes.keys());
  const consumers = consumersOf(plan);
  const producers = producersOf(plan);
  const outputs = new Set(plan.outputs.map(({ value }) => value));
  const canJoin = (value: string): boolean => {
    if ((consumers.get(value)?.length ?? 0) !== 1 || outputs.has(value) || plan.codes.has(value)) return false;
    const producer = producers.get(value);
    if (producer === undefined) return false;
    return isPassthrough(producer.op) ? canJoin(producer.inputs[0]!) : true;
  };
  for (const node of plan.nodes) {
    if (isPassthrough(node.op)) groups.join(node.inputs[0]!, node.output);
    else if (node.op.kind === 'concat' && !plan.codes.has(node.output)) for (const input of node.inputs) if (canJoin(input)) groups.join(node.output, input);
  }
  return groups;
}
