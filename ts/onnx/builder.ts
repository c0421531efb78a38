/** The Graph under construction: what import knows about every ONNX value so far, and all that it could not import. */
import { DyadicError } from '../errors.js';
import { evaluateNode } from '../graph/evaluate.js';
import type { Constant, Graph, GraphNode, ValueInfo } from '../graph/graph.js';
import { inferOutput } from '../graph/infer.js';
import { elementCount, showShape } from '../graph/shape.js';
import type { QuantizedValue } from './quantization.js';

/** A GraphNode without what the builder gives it. */
export type NodeSpec = GraphNode extends infer N ? (N extends GraphNode ? Omit<N, 'name' | 'outputs'> : never) : never;

/** Thrown by a handler that reads a value made by something unsupported: nothing can be said about its node. */
export class UnknownValue extends Error {}

/** Thrown by a handler after it has reported its node as unsupported and cannot go on. */
export class Refused extends Error {}

/** Elements computed at import: so many, and so many times what the file brings. A small damaged file must not make import compute for long. */
const FOLDED_ELEMENTS = 2 ** 22;
const FOLDED_PER_ELEMENT = 16;

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly constants = new Map<string, Constant>();
  readonly values = new Map<string, ValueInfo>();
  /** One line for each thing that cannot be imported. */
  readonly unsupported: string[] = [];
  /** Of constants that the file has as they are. */
  readonly elementTypes = new Map<string, number>();
  /** Codes, by the name of what QuantizeLinear makes. */
  readonly quantized = new Map<string, QuantizedValue>();
  private readonly makers = new Map<string, GraphNode>();
  private readonly aliases = new Map<string, string>();
  private readonly unknown = new Set<string>();
  /** Values that took the name of a graph output; nodes learn of it at the end, all at once. */
  private readonly renames = new Map<string, string>();
  private readonly nodeNames = new Set<string>();
  /** The next suffix to try for a base, so that 100,000 nodes of one name do not try each other's. */
  private readonly suffixes = new Map<string, number>();
  private budget = FOLDED_ELEMENTS;

  /** `reserved`: every name in the file, which names made here must not meet. */
  constructor(private readonly reserved: Set<string>) {}

  /** The value that a name stands for, behind Identity and the like. */
  resolve(name: string): string {
    const source = this.aliases.get(name) ?? name;
    return this.renames.get(source) ?? source;
  }

  defined(name: string): boolean {
    return this.aliases.has(name) || this.values.has(name) || this.constants.has(name) || this.quantized.has(name) || this.unknown.has(name);
  }

  /** The node that makes a value, if one does. */
  producer(name: string): GraphNode | undefined {
    return this.makers.get(this.resolve(name));
  }

  /** Shape and type; throws UnknownValue. */
  info(name: string): ValueInfo {
    const source = this.resolve(name);
    const info = this.constants.get(source) ?? this.values.get(source);
    if (this.quantized.has(source)) this.refuse(`"${name}": codes that something else than DequantizeLinear reads`);
    if (info === undefined) throw new UnknownValue(name);
    return info;
  }

  constant(name: string): Constant | undefined {
    this.info(name);
    return this.constants.get(this.resolve(name));
  }

  alias(name: string, source: string): void {
    this.aliases.set(name, this.resolve(source));
  }

  markUnknown(name: string): void {
    if (name !== '' && !this.defined(name)) this.unknown.add(name);
  }

  setConstant(name: string, constant: Constant): void {
    this.constants.set(name, constant);
  }

  /** A tensor of the file. */
  addInitializer(name: string, constant: Constant, elementType: number): void {
    this.elementTypes.set(name, elementType);
    this.budget += FOLDED_PER_ELEMENT * constant.data.length;
    this.setConstant(name, constant);
  }

  /** A name that nothing has yet. */
  freshName(base: string): string {
    return this.fresh(base, this.reserved);
  }

  freshNodeName(base: string): string {
    return this.fresh(base, this.nodeNames);
  }

  private fresh(base: string, taken: Set<string>): string {
    let name = base;
    let suffix = this.suffixes.get(base) ?? 2;
    for (; taken.has(name); suffix++) name = `${base}_${suffix}`;
    this.suffixes.set(base, suffix);
    taken.add(name);
    return name;
  }

  /**
   * Adds a node, or folds it away where all its inputs are constants. Throws ERR_SHAPE and ERR_DTYPE, and Refused (with a line in
   * `unsupported`) for what a Graph cannot run.
   */
  add(spec: NodeSpec, name: string, output: string, label: string, shape?: readonly number[]): void {
    const inputs = spec.inputs.map((input) => (input === '' ? '' : this.resolve(input)));
    const node = { ...spec, inputs, name, outputs: [output] } as GraphNode;
    const infos = inputs.map((input) => (input === '' ? undefined : this.info(input)));
    const info = inferOutput(node, infos, shape);
    const constants = inputs.map((input) => this.constants.get(input));
    if (constants.every((constant) => constant !== undefined)) {
      this.charge(elementCount(info.shape), label);
      const constant = evaluateNode(node, constants, info.shape);
      if (constant !== undefined) {
        this.setConstant(output, constant);
        return;
      }
    }
    if (info.dtype !== 'f32') this.refuse(`${label}: computes ${info.dtype} from values that are no constants`);
    if (elementCount(info.shape) === 0) this.refuse(`${label}: makes an empty tensor ${showShape(info.shape)}`);
    this.nodes.push({ ...node, name: this.freshNodeName(name) });
    this.makers.set(output, node);
    this.values.set(output, info);
  }

  /** Counts elements computed at import. Throws ERR_ONNX_INVALID beyond the limit. */
  charge(elements: number, label: string): void {
    this.budget -= elements;
    if (!(this.budget >= 0)) throw new DyadicError('ERR_ONNX_INVALID', { op: label, expected: 'constants in proportion to the file', received: `${elements} elements more` });
  }

  refuse(line: string): never {
    this.unsupported.push(line);
    throw new Refused(line);
  }

  /** The finished graph: outputs under their public names, dead nodes and unused constants dropped. */
  finish(name: string, inputs: readonly string[], outputs: readonly string[]): Graph {
    const published = new Set(outputs);
    const made = new Set(this.nodes.map((node) => node.outputs[0]!));
    for (const output of outputs) this.publish(output, published, made);
    const rename = (value: string): string => this.renames.get(value) ?? value;
    const renamed = this.nodes.map((node): GraphNode => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
    const alive = new Set<string>(outputs);
    const nodes = renamed.reverse().filter((node) => {
      if (!alive.has(node.outputs[0]!)) return false;
      for (const input of node.inputs) alive.add(input);
      return true;
    }).reverse();
    for (const input of inputs) alive.add(input);
    const keep = <T>(map: Map<string, T>) => new Map([...map].filter(([key]) => alive.has(key)));
    return { name, inputs, outputs, nodes, constants: keep(this.constants), values: keep(this.values) };
  }

  /** Makes the graph output `output` a value of that name made by a node. `made`: what nodes make, under the names it has by now. */
  private publish(output: string, outputs: ReadonlySet<string>, made: Set<string>): void {
    const source = this.resolve(output);
    if (source === output && made.has(source)) return;
    const info = this.info(source);
    if (info.dtype !== 'f32') {
      this.unsupported.push(`graph output "${output}": is ${info.dtype}, only float32 can be put out`);
      return;
    }
    if (made.has(source) && !outputs.has(source)) this.rename(source, output, made);
    else {
      this.copy(source, output, info);
      made.add(output);
    }
  }

  private rename(from: string, to: string, made: Set<string>): void {
    this.renames.set(from, to);
    this.values.set(to, this.values.get(from)!);
    this.values.delete(from);
    this.aliases.delete(to);
    made.delete(from);
    made.add(to);
  }

  /** A graph input, constant or another output under a second name: a Reshape to its own shape copies it. */
  private copy(source: string, output: string, info: ValueInfo): void {
    let from = source;
    const constant = this.constants.get(source);
    if (constant !== undefined && source === output) {
      from = this.freshName(`${output}/constant`);
      this.constants.set(from, constant);
      this.constants.delete(source);
    }
    this.nodes.push({ op: 'Reshape', name: this.freshNodeName(`${output}/copy`), inputs: [from], outputs: [output], attributes: { shape: info.shape } });
    this.values.set(output, { dtype: info.dtype, shape: info.shape });
    this.aliases.delete(output);
  }
}
