/** From a trained network to the Graph that ONNX import would make of it. */
import { DyadicError } from '../../errors.js';
import type { Graph, PoolAttributes } from '../../graph/graph.js';
import { validateGraph } from '../../graph/validate.js';
import type { StateSnapshot } from '../program/training-program.js';
import type { TapeNode } from '../tape/node.js';
import type { Tape } from '../tape/tape.js';
import { onnxShape, TapeGraphWriter } from './graph-writer.js';
import { symmetricCodes, unsignedCodes } from './learned-codes.js';
import { ParameterValues } from './parameter-values.js';

type Of<Op extends TapeNode['op']> = Extract<TapeNode, { op: Op }>;

export const INPUT = 'input';
export const OUTPUT = 'output';

/**
 * The network on `tape` with the numbers of `snapshot`: ONNX axes (NCHW), batch 1, nothing folded, weights as training holds them. A quantized layer reads its input and its
 * weights through FakeQuantize nodes with the learned scales, so the Graph computes what training's forward pass computes with running statistics.
 * Throws ERR_ARGUMENT and ERR_NAN for a snapshot that does not fit, or of a network that was never trained.
 */
export function tapeToGraph(tape: Tape, snapshot: StateSnapshot, name = 'network'): Graph {
  const writer = new TapeGraphWriter(new ParameterValues(tape, snapshot), new Set([INPUT, OUTPUT]));
  for (const node of tape.nodes) writeNode(writer, node, nameOf(node, tape));
  if (tape.output === tape.input) throw new DyadicError('ERR_ARGUMENT', { op: 'toGraph', argument: 'model', expected: 'a network with at least one operation', received: 'one that returns its input' });
  const graph: Graph = { name, inputs: [writer.name(tape.input)], outputs: [writer.name(tape.output)], nodes: writer.nodes, constants: writer.constants, values: writer.values };
  validateGraph(graph);
  return graph;
}

/** Input and output of the network have the same names in every network; a layer's value has the layer's. */
function nameOf(node: TapeNode, tape: Tape): string {
  if (node.op === 'input') return INPUT;
  if (node.output === tape.output) return OUTPUT;
  return node.name === INPUT || node.name === OUTPUT ? `${node.name}_value` : node.name;
}

function writeNode(writer: TapeGraphWriter, node: TapeNode, name: string): void {
  const output = writer.declare(node.output, name);
  const inputs = node.inputs.map((input) => writer.name(input));
  const base = { name: node.name, inputs };
  switch (node.op) {
    case 'input': return;
    case 'conv2d': return writeConv(writer, node, output);
    case 'linear': return writeLinear(writer, node, output);
    case 'batch_norm': return writeBatchNorm(writer, node, output);
    case 'clamp':
      if (node.lo === 0 && node.hi === Infinity) writer.node({ op: 'Relu', ...base, attributes: {} }, output);
      else writer.node({ op: 'Clip', ...base, attributes: { min: node.lo, max: node.hi } }, output);
      return;
    case 'add': return void writer.node({ op: 'Add', ...base, attributes: {} }, output);
    case 'max_pool': return void writer.node({ op: 'MaxPool', ...base, attributes: poolAttributes(node, false) }, output);
    case 'average_pool': return void writer.node({ op: 'AveragePool', ...base, attributes: poolAttributes(node, node.countIncludePad) }, output);
    case 'flatten': return void writer.node({ op: 'Reshape', ...base, attributes: { shape: onnxShape(node.output) } }, output);
    case 'option_a_shortcut': return writeShortcut(writer, node, output);
  }
}

function poolAttributes({ window }: Of<'max_pool'> | Of<'average_pool'>, countIncludePad: boolean): PoolAttributes {
  return { kernel: window.kernel, stride: window.stride, pads: window.pads, dilation: [1, 1], countIncludePad };
}

/** Input, weight and bias; the first two as the codes of a quantized layer show them. */
function layerInputs(writer: TapeGraphWriter, node: Of<'conv2d'> | Of<'linear'>): string[] {
  let input = writer.name(node.inputs[0]!);
  let weight = writer.parameter(node.weight);
  const { quantization } = node;
  if (quantization) {
    const { bits, isSigned } = quantization;
    const codes = isSigned ? symmetricCodes : unsignedCodes;
    input = writer.fakeQuantize(`${node.name}.input_codes`, input, codes(writer.parameters.interval(quantization.activationInterval), bits.activation));
    weight = writer.fakeQuantize(`${node.name}.weight_codes`, weight, symmetricCodes(writer.parameters.interval(quantization.weightInterval), bits.weight));
  }
  return [input, weight, ...(node.bias === null ? [] : [writer.parameter(node.bias)])];
}

function writeConv(writer: TapeGraphWriter, node: Of<'conv2d'>, output: string): void {
  const { window: { kernel, stride, pads }, dilation, groups } = node;
  writer.node({ op: 'Conv', name: node.name, inputs: layerInputs(writer, node), attributes: { kernel, stride, pads, dilation, groups } }, output);
}

function writeLinear(writer: TapeGraphWriter, node: Of<'linear'>, output: string): void {
  writer.node({ op: 'Gemm', name: node.name, inputs: layerInputs(writer, node), attributes: { alpha: 1, beta: 1, transA: false, transB: true } }, output);
}

function writeBatchNorm(writer: TapeGraphWriter, node: Of<'batch_norm'>, output: string): void {
  const channels = node.gamma.count;
  const running = writer.parameters.of(node.running);
  const name = writer.parameters.nameOf(node.running);
  const mean = writer.constant(`${name}_mean`, [channels], running.slice(0, channels));
  const variance = writer.constant(`${name}_var`, [channels], running.slice(channels));
  const inputs = [writer.name(node.inputs[0]!), writer.parameter(node.gamma), writer.parameter(node.beta), mean, variance];
  writer.node({ op: 'BatchNormalization', name: node.name, inputs, attributes: { epsilon: Math.fround(node.epsilon) } }, output);
}

/** Every stride-th pixel is a Slice, zero channels are a Pad. */
function writeShortcut(writer: TapeGraphWriter, node: Of<'option_a_shortcut'>, output: string): void {
  const { stride: [sh, sw], before, after, name } = node;
  const [, channels, , ] = onnxShape(node.inputs[0]!);
  const [, , h, w] = onnxShape(node.output) as [number, number, number, number];
  const isPadded = before + after > 0;
  const picked = isPadded ? writer.value(`${name}.slice`, [1, channels!, h, w]) : output;
  writer.node({ op: 'Slice', name: `${name}.slice`, inputs: [writer.name(node.inputs[0]!)], attributes: { starts: [0, 0, 0, 0], steps: [1, 1, sh, sw] } }, picked);
  if (isPadded) writer.node({ op: 'Pad', name, inputs: [picked], attributes: { before: [0, before, 0, 0], after: [0, after, 0, 0], value: 0 } }, output);
}
