/** ONNX's protobuf messages, as far as export needs them, written with pbf. The reader is ../proto.ts; field numbers are the same. */
import type { PbfWriter } from 'pbf';

/** pbf's writer class: passed in, because pbf is loaded only when something is exported. */
export type WriterClass = new () => PbfWriter;

export type AttributeValue =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] };

export interface OnnxNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface OnnxTensor {
  readonly name: string;
  /** TensorProto.DataType */
  readonly dataType: number;
  readonly shape: readonly number[];
  /** Little endian, 4-bit types two to a byte. */
  readonly raw: Uint8Array;
}

export interface OnnxValue {
  readonly name: string;
  /** A string is a dimension left open under that name. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly irVersion: number;
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

const FLOAT = 1;
/** AttributeProto.AttributeType */
const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;

/** The bytes of a ModelProto. */
export function writeModel(model: OnnxModel, Writer: WriterClass): Uint8Array {
  const pbf = new Writer();
  pbf.writeVarintField(1, model.irVersion);
  pbf.writeStringField(2, 'dyadic');
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, writeOpset, model.opset);
  return pbf.finish();
}

function writeOpset(opset: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, '');
  pbf.writeVarintField(2, opset);
}

function writeGraph(model: OnnxModel, pbf: PbfWriter): void {
  for (const node of model.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, model.name);
  for (const tensor of model.tensors) pbf.writeMessage(5, writeTensor, tensor);
  for (const input of model.inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of model.outputs) pbf.writeMessage(12, writeValue, output);
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, { name, value });
}

function writeAttribute({ name, value }: { name: string; value: AttributeValue }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (value.kind === 'float') pbf.writeFloatField(2, value.value);
  else if (value.kind === 'int') pbf.writeVarintField(3, value.value);
  else for (const item of value.value) pbf.writeVarintField(8, item);
  pbf.writeVarintField(20, ATTRIBUTE_TYPE[value.kind]);
}

function writeTensor(tensor: OnnxTensor, pbf: PbfWriter): void {
  for (const dim of tensor.shape) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, tensor.dataType);
  pbf.writeStringField(8, tensor.name);
  pbf.writeBytesField(9, tensor.raw);
}

function writeValue(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(2, writeType, value);
}

function writeType(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, value);
}

function writeTensorType(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeVarintField(1, FLOAT);
  pbf.writeMessage(2, writeShape, value);
}

function writeShape({ shape }: OnnxValue, pbf: PbfWriter): void {
  for (const dim of shape) pbf.writeMessage(1, writeDimension, dim);
}

function writeDimension(dim: number | string, pbf: PbfWriter): void {
  if (typeof dim === 'number') pbf.writeVarintField(1, dim);
  else pbf.writeStringField(2, dim);
}
