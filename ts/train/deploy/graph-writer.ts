import type { FakeQuantizeAttributes, Graph, GraphNode, ValueInfo } from '../../graph/graph.js';
import type { Parameter } from '../modules/parameter.js';
import type { Value } from '../tape/node.js';
import type { ParameterValues } from './parameter-values.js';

type Draft = GraphNode extends infer Node ? (Node extends GraphNode ? Omit<Node, 'outputs'> : never) : never;

/** Collects a Graph of ONNX axes and batch 1 from values that a tape has recorded. */
export class TapeGraphWriter {
  readonly nodes: GraphNode[] = [];
  readonly constants = new Map<string, Graph['constants'] extends ReadonlyMap<string, infer C> ? C : never>();
  readonly values = new Map<string, ValueInfo>();
  readonly #names = new Map<Value, string>();

  /** `reserved`: names of values that only `declare` gives, when asked for one of them. */
  constructor(readonly parameters: ParameterValues, readonly reserved: ReadonlySet<string>) {}

  /** What a value of the tape is called. */
  name(value: Value): string {
    return this.#names.get(value)!;
  }

  /** Declares a value of the tape, with the shape that it has in ONNX's axes. */
  declare(value: Value, name: string): string {
    const given = this.value(name, onnxShape(value), true);
    this.#names.set(value, given);
    return given;
  }

  /** A value of that name, or of one made from it where it is taken. */
  value(wanted: string, shape: readonly number[], isReserved = false): string {
    let name = wanted;
    const isTaken = (): boolean => this.values.has(name) || this.parameters.has(name) || (!isReserved && this.reserved.has(name));
    while (isTaken()) name = `${name}_value`;
    this.values.set(name, { dtype: 'f32', shape });
    return name;
  }

  constant(name: string, shape: readonly number[], data: Float32Array): string {
    this.constants.set(name, { dtype: 'f32', shape, data });
    return name;
  }

  parameter(parameter: Parameter): string {
    return this.constant(this.parameters.nameOf(parameter), parameter.shape, this.parameters.of(parameter));
  }

  /** Appends a node that makes `output`, which has been declared. */
  node(draft: Draft, output: string): string {
    this.nodes.push({ ...draft, outputs: [output] } as GraphNode);
    return output;
  }

  /** `input`, a value or constant, as its codes show it. */
  fakeQuantize(name: string, input: string, attributes: FakeQuantizeAttributes): string {
    const shape = (this.values.get(input) ?? this.constants.get(input))!.shape;
    return this.node({ op: 'FakeQuantize', name, inputs: [input], attributes }, this.value(name, shape));
  }
}

/** [N, H, W, C] is [1, C, H, W] in a Graph, [N, features] is [1, features]. */
export function onnxShape({ shape }: Value): readonly number[] {
  if (shape.length !== 4) return [1, ...shape.slice(1)];
  const [, h, w, c] = shape as [number, number, number, number];
  return [1, c, h, w];
}
