/** A working copy of a Graph for passes: who makes and who reads each value, and edits that keep both right. The Graph it came from never changes. */
import type { Constant, Graph, GraphNode, ValueInfo } from './graph.js';

export class GraphEditor {
  readonly outputs: readonly string[];
  private readonly nodeList: GraphNode[];
  private readonly constantMap: Map<string, Constant>;
  private readonly valueMap: Map<string, ValueInfo>;
  private readonly producers = new Map<string, GraphNode>();
  private readonly readerSets = new Map<string, Set<GraphNode>>();
  private readonly nodeNames = new Set<string>();
  private readonly outputNames: ReadonlySet<string>;

  constructor(private readonly graph: Graph) {
    this.outputs = graph.outputs;
    this.outputNames = new Set(graph.outputs);
    this.nodeList = [...graph.nodes];
    this.constantMap = new Map(graph.constants);
    this.valueMap = new Map(graph.values);
    for (const node of this.nodeList) this.link(node);
  }

  /** The nodes as they are now; edits do not show in it. */
  nodes(): readonly GraphNode[] {
    return [...this.nodeList];
  }

  /** Whether a node of an earlier nodes() is still there. */
  has(node: GraphNode): boolean {
    return this.producers.get(node.outputs[0]!) === node;
  }

  constant(name: string | undefined): Constant | undefined {
    return name === undefined ? undefined : this.constantMap.get(name);
  }

  shape(name: string): readonly number[] {
    return (this.constantMap.get(name) ?? this.valueMap.get(name))!.shape;
  }

  info(name: string): ValueInfo {
    return (this.constantMap.get(name) ?? this.valueMap.get(name))!;
  }

  producer(name: string): GraphNode | undefined {
    return this.producers.get(name);
  }

  isOutput(name: string): boolean {
    return this.outputNames.has(name);
  }

  readers(name: string): readonly GraphNode[] {
    return [...(this.readerSets.get(name) ?? [])];
  }

  /** The node that makes `name`, if one node alone reads it, once, and it is no graph output: then the two can become one. */
  soleProducer(name: string): GraphNode | undefined {
    if (this.isOutput(name) || this.readerSets.get(name)?.size !== 1) return undefined;
    return this.readers(name)[0]!.inputs.filter((input) => input === name).length === 1 ? this.producers.get(name) : undefined;
  }

  /** A constant under a new name made from `base`; returns the name. */
  addConstant(base: string, constant: Constant): string {
    const name = this.freshName(base);
    this.constantMap.set(name, constant);
    return name;
  }

  /** A name for a value between two nodes of a replacement. */
  addValue(base: string, info: ValueInfo): string {
    const name = this.freshName(base);
    this.valueMap.set(name, info);
    return name;
  }

  freshNodeName(base: string): string {
    let name = base;
    for (let suffix = 2; this.nodeNames.has(name); suffix++) name = `${base}_${suffix}`;
    return name;
  }

  /** Puts `replacement` where `node` stands. The last one makes the value that `node` made. */
  replace(node: GraphNode, ...replacement: GraphNode[]): void {
    this.unlink(node);
    this.nodeList.splice(this.nodeList.indexOf(node), 1, ...replacement);
    for (const next of replacement) this.link(next);
  }

  /** `consumer` and its sole producer become one node at the producer's place, which makes the consumer's output. */
  fuse(producer: GraphNode, consumer: GraphNode, fused: GraphNode): void {
    this.remove(consumer);
    this.valueMap.delete(producer.outputs[0]!);
    this.replace(producer, fused);
  }

  remove(node: GraphNode): void {
    this.unlink(node);
    this.nodeList.splice(this.nodeList.indexOf(node), 1);
  }

  /**
   * Removes a node whose output equals the value `source`. A graph output keeps its name: its source is renamed, where a node makes it and it
   * is no graph output itself; otherwise nothing happens and false is returned.
   */
  bypass(node: GraphNode, source: string): boolean {
    const output = node.outputs[0]!;
    if (!this.isOutput(output)) {
      this.remove(node);
      this.valueMap.delete(output);
      this.redirect(output, source);
      return true;
    }
    const maker = this.producers.get(source);
    if (maker === undefined || this.isOutput(source)) return false;
    this.remove(node);
    this.replace(maker, { ...maker, outputs: [output] });
    this.redirect(source, output);
    this.valueMap.delete(source);
    return true;
  }

  /** Removes a node whose output has been computed, unless it is a graph output (those are made by nodes). */
  fold(node: GraphNode, constant: Constant): boolean {
    const output = node.outputs[0]!;
    if (this.isOutput(output)) return false;
    this.remove(node);
    this.valueMap.delete(output);
    this.constantMap.set(output, constant);
    return true;
  }

  /** The graph as edited; constants that nothing reads and values that nothing makes are dropped. */
  finish(): Graph {
    const used = new Set([...this.outputs, ...this.nodeList.flatMap((node) => node.inputs)]);
    const constants = new Map([...this.constantMap].filter(([name]) => used.has(name)));
    const inputs = new Set(this.graph.inputs);
    const values = new Map([...this.valueMap].filter(([name]) => this.producers.has(name) || inputs.has(name)));
    return { ...this.graph, nodes: this.nodeList, constants, values };
  }

  private redirect(from: string, to: string): void {
    for (const reader of this.readers(from)) this.replace(reader, { ...reader, inputs: reader.inputs.map((input) => (input === from ? to : input)) });
  }

  private link(node: GraphNode): void {
    this.nodeNames.add(node.name);
    for (const output of node.outputs) this.producers.set(output, node);
    for (const input of node.inputs) {
      const readers = this.readerSets.get(input);
      if (readers === undefined) this.readerSets.set(input, new Set([node]));
      else readers.add(node);
    }
  }

  private unlink(node: GraphNode): void {
    for (const output of node.outputs) if (this.producers.get(output) === node) this.producers.delete(output);
    for (const input of node.inputs) this.readerSets.get(input)?.delete(node);
  }

  private freshName(base: string): string {
    let name = base;
    for (let suffix = 2; this.constantMap.has(name) || this.valueMap.has(name); suffix++) name = `${base}_${suffix}`;
    return name;
  }
}
