/** What an operator's handler sees of one ONNX node, and how it says what the node becomes. */
import { DyadicError } from '../errors.js';
import type { Constant, ValueInfo } from '../graph/graph.js';
import { normalizeAxis, showShape } from '../graph/shape.js';
import { Attributes } from './attributes.js';
import type { GraphBuilder, NodeSpec } from './builder.js';
import { nodeLabel } from './order.js';
import type { NodeProto } from './proto.js';
import type { QuantizedValue, Quantizer } from './quantization.js';

/** Turns one ONNX node into GraphNodes, a constant or an alias. One file in ops/ per operator. */
export type OnnxHandler = (node: NodeContext) => void;

export class NodeContext {
  /** `Conv "conv1"`, for errors. */
  readonly label: string;
  readonly attributes: Attributes;

  constructor(private readonly builder: GraphBuilder, private readonly proto: NodeProto, readonly opset: number) {
    this.label = nodeLabel(proto);
    this.attributes = new Attributes(this.label, proto.attributes);
  }

  /** Inputs in the file, trailing absent ones not counted. */
  get inputCount(): number {
    let count = this.proto.inputs.length;
    while (count > 0 && this.proto.inputs[count - 1] === '') count--;
    return count;
  }

  /** The name of an input, '' where it is absent. */
  input(index: number): string {
    return this.proto.inputs[index] ?? '';
  }

  has(index: number): boolean {
    return this.input(index) !== '';
  }

  /** Shape and type of a required input. Throws ERR_ONNX_INVALID where it is absent. */
  info(index: number): ValueInfo {
    if (!this.has(index)) throw this.invalid(`inputs[${index}]`, 'a value', 'none');
    return this.builder.info(this.input(index));
  }

  shape(index: number): readonly number[] {
    return this.info(index).shape;
  }

  /** The constant that an input is, or undefined where it is computed at run time. */
  constant(index: number): Constant | undefined {
    this.info(index);
    return this.builder.constant(this.input(index));
  }

  /** An input that must be a constant: anything else is reported as unsupported. */
  requireConstant(index: number, argument: string): Constant {
    return this.constant(index) ?? this.refuse(`${argument} is no constant`);
  }

  /** A constant list of integers (a scalar counts as a list of one); undefined where the input is absent. */
  integers(index: number, argument: string): readonly number[] | undefined {
    if (!this.has(index)) return undefined;
    const constant = this.requireConstant(index, argument);
    if (constant.dtype !== 'i64' || constant.shape.length > 1) throw this.invalid(argument, 'a list of integers', `${constant.dtype} ${showShape(constant.shape)}`);
    return constant.data as readonly number[];
  }

  /** A constant of one element, undefined where the input is absent. */
  scalar(index: number, argument: string): number | undefined {
    if (!this.has(index)) return undefined;
    const constant = this.requireConstant(index, argument);
    if (constant.data.length !== 1) throw this.invalid(argument, 'one element', showShape(constant.shape));
    return constant.data[0]!;
  }

  /** The axis counted from the front. Throws ERR_ONNX_INVALID outside [−rank, rank). */
  axis(axis: number, rank: number, argument = 'axis'): number {
    return normalizeAxis(axis, rank) ?? this.fail(argument, `an axis in [${-rank}, ${rank})`, String(axis));
  }

  /** Distinct axes, counted from the front. */
  axes(axes: readonly number[], rank: number): number[] {
    const normalized = axes.map((axis) => this.axis(axis, rank, 'axes'));
    if (new Set(normalized).size !== normalized.length) throw this.invalid('axes', 'distinct axes', showShape(axes));
    return normalized;
  }

  /** The element type in the file of an input that is a constant of the file, where that is known. */
  elementType(index: number): number | undefined {
    return this.builder.elementTypes.get(this.builder.resolve(this.input(index)));
  }

  /** The first output is a constant of the file of this element type. */
  noteElementType(type: number): void {
    this.builder.elementTypes.set(this.output, type);
  }

  /** What an input was quantized from, if it is the codes of a value. */
  quantized(index: number): QuantizedValue | undefined {
    return this.builder.quantized.get(this.builder.resolve(this.input(index)));
  }

  /** The first output is the codes of the first input. */
  quantize(quantizer: Quantizer): void {
    this.builder.quantized.set(this.output, { source: this.builder.resolve(this.input(0)), quantizer });
  }

  constantOf(name: string): Constant | undefined {
    return this.builder.constant(name);
  }

  /** The bounds that a value has because a Clip or Relu makes it, and what stands in front of a Clip. */
  boundsOf(name: string): { readonly lo: number; readonly hi: number; readonly source: string } {
    const maker = this.builder.producer(name);
    if (maker?.op === 'Clip') return { lo: maker.attributes.min, hi: maker.attributes.max, source: maker.inputs[0]! };
    return { lo: maker?.op === 'Relu' ? 0 : -Infinity, hi: Infinity, source: name };
  }

  /** The node's first output is made by this GraphNode. `shape` where the operator does not say it (Slice, pools). */
  emit(spec: NodeSpec, shape?: readonly number[]): void {
    this.builder.add(spec, this.name, this.output, this.label, shape);
  }

  /** A step on the way: returns the name of the value that it makes. */
  emitIntermediate(spec: NodeSpec, suffix: string, shape?: readonly number[]): string {
    const output = this.builder.freshName(`${this.output}/${suffix}`);
    this.builder.add(spec, `${this.name}/${suffix}`, output, this.label, shape);
    return output;
  }

  /** The first output is the same value as `source`. */
  alias(source: string): void {
    if (source === '') throw this.invalid('inputs[0]', 'a value', 'none');
    this.builder.info(source);
    this.builder.alias(this.output, source);
  }

  /** The first output is this constant, just computed. */
  fold(constant: Constant): void {
    this.builder.setConstant(this.output, constant);
  }

  /** A constant of the node's own: returns its name. */
  addConstant(constant: Constant, suffix: string): string {
    const name = this.builder.freshName(`${this.output}/${suffix}`);
    this.builder.setConstant(name, constant);
    return name;
  }

  /** To be called before computing `elements` at import. */
  charge(elements: number): void {
    this.builder.charge(elements, this.label);
  }

  /** Reports why this node cannot be imported and leaves the handler. */
  refuse(reason: string): never {
    return this.builder.refuse(`${this.label}: ${reason}`);
  }

  /** Reports a reason and goes on, so that further ones are found too. */
  report(reason: string): void {
    this.builder.unsupported.push(`${this.label}: ${reason}`);
  }

  invalid(argument: string, expected: string, received: string): DyadicError {
    return new DyadicError('ERR_ONNX_INVALID', { op: this.label, argument, expected, received });
  }

  private fail(argument: string, expected: string, received: string): never {
    throw this.invalid(argument, expected, received);
  }

  private get output(): string {
    const output = this.proto.outputs[0];
    if (output === undefined || output === '') throw this.invalid('outputs[0]', 'a name', 'none');
    return output;
  }

  private get name(): string {
    return this.proto.name || `${this.proto.opType}/${this.output}`;
  }
}
