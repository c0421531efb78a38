/** What the lowering of one float node may use. Every value is row-major f32 in ONNX axes. */
import { DyadicError } from '../../errors.js';
import type { Bounds, Constant, Graph, GraphNode } from '../../graph/graph.js';
import { floatBits, type Assembler, type StepBuffer } from '../assembler.js';
import { elementCount } from '../../graph/shape.js';
import { floatLayout } from '../layout.js';
import type { View } from '../strided-copy.js';

export type NodeOf<Name extends GraphNode['op']> = Extract<GraphNode, { readonly op: Name }>;

export interface FloatValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly buffer: StepBuffer;
}

const FLOAT_BYTES = 4;

export class FloatContext {
  readonly #values = new Map<string, FloatValue>();

  constructor(
    readonly graph: Graph,
    readonly assembler: Assembler,
  ) {}

  /** A value that nodes read: an earlier output, a graph input, or a constant, which is put among the weights when first asked for. */
  value(name: string): FloatValue {
    const existing = this.#values.get(name);
    if (existing !== undefined) return existing;
    const constant = this.graph.constants.get(name);
    if (constant === undefined) return this.define(name, this.#shape(name));
    const value = { name, shape: constant.shape, buffer: this.assembler.constant(name, floats(name, constant)) };
    this.#values.set(name, value);
    return value;
  }

  /** Gives a graph input or node output a buffer. */
  define(name: string, shape: readonly number[]): FloatValue {
    return this.share(name, shape, this.temporary(name, elementCount(shape)));
  }

  /** Lets a value be another one's bytes under another shape. */
  share(name: string, shape: readonly number[], buffer: StepBuffer): FloatValue {
    const value = { name, shape, buffer };
    this.#values.set(name, value);
    return value;
  }

  input(node: GraphNode, position = 0): FloatValue {
    return this.value(node.inputs[position] as string);
  }

  /** An optional input, '' or missing where it is absent. */
  optional(node: GraphNode, position: number): FloatValue | null {
    const name = node.inputs[position];
    return name === undefined || name === '' ? null : this.value(name);
  }

  output(node: GraphNode): FloatValue {
    return this.value(node.outputs[0] as string);
  }

  temporary(label: string, elements: number): StepBuffer {
    return this.assembler.activation(label, elements * FLOAT_BYTES);
  }

  #shape(name: string): readonly number[] {
    const info = this.graph.values.get(name);
    if (info === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'createFloatProgram', argument: 'graph', expected: `a value or constant named "${name}"`, received: 'none' });
    return info.shape;
  }
}

function floats(name: string, constant: Constant): Float32Array {
  if (constant.dtype === 'f32') return constant.data instanceof Float32Array ? constant.data : Float32Array.from(constant.data);
  throw new DyadicError('ERR_DTYPE', { op: 'createFloatProgram', argument: name, expected: 'an f32 constant', received: constant.dtype });
}

/** A whole row-major value. */
export function floatView({ buffer, shape }: FloatValue): View {
  const { strides, elements } = floatLayout(shape);
  return { buffer, bytes: elements * FLOAT_BYTES, start: 0, strides };
}

/** The fields lo and hi of kernels that clamp; without bounds they clamp nothing. */
export function boundFields(bounds: Bounds | undefined): { readonly loBits: number; readonly hiBits: number } {
  return { loBits: floatBits(bounds?.lo ?? -Infinity), hiBits: floatBits(bounds?.hi ?? Infinity) };
}

/** Strides of a value inside a shape that it is broadcast to: 0 along axes where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const { strides } = floatLayout(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : (strides[axis - missing] as number)));
}
