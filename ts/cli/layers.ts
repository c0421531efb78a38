/** What `inspect` shows of a network, float or integer: one row per node, and totals. */
import type { Graph, GraphNode } from '../graph/graph.js';
import type { IntegerGraph, Operation } from '../integer/integer-graph.js';

export interface LayerRow {
  readonly name: string;
  readonly op: string;
  /** Of the first output, with the batch axis. */
  readonly shape: readonly number[];
  /** Output type: f32, or code types such as u8, u4, i16; two joined by + where an addition makes both. */
  readonly output: string;
  /** Weight type, `i8`, `i4` or `f32`; '' without weights. */
  readonly weights: string;
  /** Bytes in the file that belong to this node: weights, bias, multipliers. */
  readonly bytes: number;
  /** Multiply-accumulates for one sample. */
  readonly macs: number;
  /** Requantization: copy, q15 or exact; '' where there is none. */
  readonly requantization: string;
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, dimension) => total * dimension, 1);
}

/** Rows of a deployed network. */
export function integerLayers(graph: IntegerGraph): LayerRow[] {
  return graph.operations.map((operation) => {
    const outputs = operation.outputs.filter((index) => index !== null).map((index) => graph.values[index]!);
    const shape = outputs[0]!.shape;
    const weight = 'weight' in operation ? graph.tensors.get(operation.weight)! : null;
    return {
      name: operation.name,
      op: operation.op,
      shape,
      output: outputs.map(({ dtype, range }) => (dtype === 'u8' && range[1] === 127 ? 'n8' : dtype)).join('+'),
      weights: weight?.dtype ?? '',
      bytes: tensorNames(operation).reduce((total, name) => total + tensorBytes(graph, name), 0),
      macs: weight === null ? 0 : product(shape) * product(weight.shape.slice(1)),
      requantization: formsOf(operation),
    };
  });
}

function tensorBytes(graph: IntegerGraph, name: string): number {
  const { dtype, shape } = graph.tensors.get(name)!;
  const elements = product(shape);
  return dtype === 'i32' ? elements * 4 : dtype === 'i8' ? elements : Math.ceil(elements / 2);
}

function requantizations(operation: Operation): readonly { readonly form: string; readonly multiplier?: string }[] {
  if ('requantization' in operation) return [operation.requantization];
  if (!('requantizations' in operation)) return [];
  if (operation.op === 'add' && operation.codeRequantization !== null) return [...operation.requantizations, operation.codeRequantization];
  return operation.requantizations;
}

function tensorNames(operation: Operation): string[] {
  const names = requantizations(operation).flatMap(({ multiplier }) => multiplier ?? []);
  if ('weight' in operation) names.push(operation.weight);
  if ('bias' in operation && operation.bias !== null) names.push(operation.bias);
  return [...new Set(names)];
}

function formsOf(operation: Operation): string {
  return [...new Set(requantizations(operation).map(({ form }) => form))].join('+');
}

/** Rows of a float network. */
export function floatLayers(graph: Graph): LayerRow[] {
  return graph.nodes.map((node) => {
    const shape = graph.values.get(node.outputs[0]!)?.shape ?? [];
    const constants = node.inputs.flatMap((name) => graph.constants.get(name) ?? []).filter(({ dtype }) => dtype === 'f32');
    return {
      name: node.name,
      op: node.op,
      shape,
      output: 'f32',
      weights: constants.length === 0 ? '' : 'f32',
      bytes: constants.reduce((total, constant) => total + product(constant.shape) * 4, 0),
      macs: floatMacs(graph, node, shape),
      requantization: '',
    };
  });
}

function floatMacs(graph: Graph, node: GraphNode, output: readonly number[]): number {
  const shapeOf = (name: string): readonly number[] => graph.constants.get(name)?.shape ?? graph.values.get(name)?.shape ?? [];
  switch (node.op) {
    case 'Conv':
      return product(output) * product(shapeOf(node.inputs[1]!).slice(1));
    case 'Gemm':
      return product(output) * (shapeOf(node.inputs[0]!)[node.attributes.transA ? 0 : 1] ?? 1);
    case 'MatMul':
      return product(output) * (shapeOf(node.inputs[0]!).at(-1) ?? 1);
    default:
      return 0;
  }
}
