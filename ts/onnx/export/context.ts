/** What the handler of one operator may use: names, tensors and nodes of the file that is being made. */
import { DyadicError } from '../../errors.js';
import type { Bounds, Constant, Graph, GraphNode } from '../../graph/graph.js';
import { DataType } from '../tensor.js';
import { requiredOpset } from './opset.js';
import type { AttributeValue, OnnxNode, OnnxTensor } from './write-proto.js';

export interface ExportSettings {
  /** QuantizeLinear and DequantizeLinear where the Graph says FakeQuantize; else these are left out. */
  readonly isQuantized: boolean;
  /** Weights of up to 4 bits as INT4 (opset 21), else in bytes. */
  readonly hasFourBitWeights: boolean;
  readonly hasOpenBatch: boolean;
}

export type NodeOf<Op extends GraphNode['op']> = Extract<GraphNode, { readonly op: Op }>;
export type ExportHandler<Op extends GraphNode['op']> = (context: ExportContext, node: NodeOf<Op>) => void;

export class ExportContext {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  readonly opset: number;
  readonly #taken: Set<string>;
  readonly #names = new Map<string, string>();
  readonly #written = new Set<string>();

  constructor(readonly graph: Graph, readonly settings: ExportSettings) {
    this.opset = requiredOpset(graph, settings);
    this.#taken = new Set([...graph.constants.keys(), ...graph.values.keys()]);
  }

  shape(name: string): readonly number[] {
    const info = this.graph.constants.get(name) ?? this.graph.values.get(name);
    if (info === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'exportOnnx', argument: 'graph', expected: `a value named "${name}"`, received: 'none' });
    return info.shape;
  }

  /** The name in the file of a node's input; a constant's tensor is written when it is first asked for. */
  input(node: GraphNode, position: number): string {
    const given = node.inputs[position] ?? '';
    const name = this.#names.get(given) ?? given;
    const constant = this.graph.constants.get(name);
    if (constant !== undefined && !this.#written.has(name)) {
      this.#written.add(name);
      this.tensors.push(constantTensor(name, constant));
    }
    return name;
  }

  /** From here on the value `name` is what the file calls `other`. */
  alias(name: string, other: string): void {
    this.#names.set(name, this.#names.get(other) ?? other);
  }

  /** A name that nothing has. */
  fresh(base: string): string {
    let name = base;
    for (let suffix = 2; this.#taken.has(name); suffix++) name = `${base}_${suffix}`;
    this.#taken.add(name);
    return name;
  }

  floats(base: string, shape: readonly number[], data: ArrayLike<number>): string {
    return this.#tensor(base, constantTensor('', { dtype: 'f32', shape, data: Float32Array.from(data) }));
  }

  integers(base: string, shape: readonly number[], data: readonly number[]): string {
    return this.#tensor(base, constantTensor('', { dtype: 'i64', shape, data }));
  }

  codes(base: string, dataType: number, shape: readonly number[], raw: Uint8Array): string {
    return this.#tensor(base, { name: '', dataType, shape, raw });
  }

  #tensor(base: string, tensor: OnnxTensor): string {
    const name = this.fresh(base);
    this.tensors.push({ ...tensor, name });
    return name;
  }

  emit(opType: string, name: string, inputs: readonly string[], output: string, attributes: OnnxNode['attributes'] = {}): void {
    this.nodes.push({ opType, name, inputs: trimmed(inputs), outputs: [output], attributes });
  }

  /** A node whose fused bounds become a Relu or Clip behind it. */
  emitBounded(opType: string, node: GraphNode, inputs: readonly string[], bounds: Bounds | undefined, attributes: OnnxNode['attributes'] = {}): void {
    const output = node.outputs[0]!;
    if (bounds === undefined) return this.emit(opType, node.name, inputs, output, attributes);
    const unbounded = this.fresh(`${output}.unbounded`);
    this.emit(opType, node.name, inputs, unbounded, attributes);
    this.emitBounds(`${node.name}.bounds`, unbounded, output, bounds);
  }

  emitBounds(name: string, input: string, output: string, { lo, hi }: Bounds): void {
    if (lo === 0 && hi === Infinity) return this.emit('Relu', name, [input], output);
    const scalar = (end: string, bound: number): string => (Number.isFinite(bound) ? this.floats(`${name}.${end}`, [], [bound]) : '');
    this.emit('Clip', name, [input, scalar('min', lo), scalar('max', hi)], output);
  }
}

/** Optional inputs at the end are left out. */
function trimmed(inputs: readonly string[]): readonly string[] {
  let count = inputs.length;
  while (count > 0 && inputs[count - 1] === '') count--;
  return inputs.slice(0, count);
}

export const int = (value: number): AttributeValue => ({ kind: 'int', value });
export const ints = (value: readonly number[]): AttributeValue => ({ kind: 'ints', value });
export const float = (value: number): AttributeValue => ({ kind: 'float', value });

function constantTensor(name: string, { dtype, shape, data }: Constant): OnnxTensor {
  if (dtype === 'bool') return { name, dataType: DataType.BOOL, shape, raw: Uint8Array.from(data) };
  const size = dtype === 'f32' ? 4 : 8;
  const raw = new Uint8Array(data.length * size);
  const view = new DataView(raw.buffer);
  for (let i = 0; i < data.length; i++) {
    if (dtype === 'f32') view.setFloat32(i * size, data[i]!, true);
    else view.setBigInt64(i * size, BigInt(data[i]!), true);
  }
  return { name, dataType: dtype === 'f32' ? DataType.FLOAT : DataType.INT64, shape, raw };
}
