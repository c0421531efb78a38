/** Add, Relu, Clip, FakeQuantize, BatchNormalization. */
import { DyadicError } from '../../errors.js';
import type { Bounds } from '../../graph/graph.js';
import { at, floatBits, type StepBuffer } from '../assembler.js';
import { elementCount } from '../../graph/shape.js';
import { Container } from '../../wasm/params.js';
import { elementBytesOf } from '../layout.js';
import { boundFields, broadcastStrides, type FloatContext, type NodeOf } from './context.js';

const KERNEL_AXES = 6;

export function lowerAdd(context: FloatContext, node: NodeOf<'Add'>): void {
  const a = context.input(node, 0);
  const b = context.input(node, 1);
  const output = context.output(node);
  const rank = output.shape.length;
  if (rank > KERNEL_AXES) {
    throw new DyadicError('ERR_SHAPE', { op: `Add "${node.name}"`, argument: 'inputs', expected: `at most ${KERNEL_AXES} axes`, received: `[${output.shape.join(', ')}]` });
  }
  const shape = [...new Array<number>(KERNEL_AXES - rank).fill(1), ...output.shape];
  const [dim0, dim1, dim2, dim3, dim4, dim5] = shape as Six;
  const [aStride0, aStride1, aStride2, aStride3, aStride4, aStride5] = broadcastStrides(a.shape, shape) as Six;
  const [bStride0, bStride1, bStride2, bStride3, bStride4, bStride5] = broadcastStrides(b.shape, shape) as Six;
  context.assembler.step('add_f32', {
    aOffset: at(a.buffer),
    bOffset: at(b.buffer),
    outputOffset: at(output.buffer),
    dim0, dim1, dim2, dim3, dim4, dim5,
    aStride0, aStride1, aStride2, aStride3, aStride4, aStride5,
    bStride0, bStride1, bStride2, bStride3, bStride4, bStride5,
    ...boundFields(node.bounds),
  });
}

type Six = [number, number, number, number, number, number];

export function lowerClamp(context: FloatContext, node: NodeOf<'Relu'> | NodeOf<'Clip'>): void {
  const input = context.input(node);
  const bounds = node.op === 'Relu' ? { lo: 0, hi: Infinity } : { lo: node.attributes.min, hi: node.attributes.max };
  clamp(context, input.buffer, context.output(node).buffer, elementCount(input.shape), bounds);
}

function clamp(context: FloatContext, input: StepBuffer, output: StepBuffer, count: number, bounds: Bounds): void {
  context.assembler.step('clamp_f32', { inputOffset: at(input), outputOffset: at(output), count, ...boundFields(bounds) });
}

/** To codes and back. An i16 buffer holds signed and unsigned ones. */
export function lowerFakeQuantize(context: FloatContext, node: NodeOf<'FakeQuantize'>): void {
  const input = context.input(node);
  const count = elementCount(input.shape);
  const { scale, range } = node.attributes;
  if (typeof scale !== 'number') throw new DyadicError('ERR_ARGUMENT', { op: `FakeQuantize "${node.name}"`, argument: 'scale', expected: 'one number, unless the input is a constant', received: `${scale.length}` });
  const codes = context.assembler.activation(`${node.name} codes`, count * elementBytesOf(Container.i16));
  const shared = { count, scaleBits: floatBits(scale), zeroPoint: 0 };
  context.assembler.step('quantize_f32', { inputOffset: at(input.buffer), outputOffset: at(codes), outContainer: Container.i16, lo: range[0], hi: range[1], ...shared });
  context.assembler.step('dequantize_f32', { inputOffset: at(codes), outputOffset: at(context.output(node).buffer), inContainer: Container.i16, ...shared });
}

export function lowerBatchNormalization(context: FloatContext, node: NodeOf<'BatchNormalization'>): void {
  const input = context.input(node);
  const output = context.output(node);
  const count = elementCount(input.shape);
  const result = node.bounds === undefined ? output.buffer : context.temporary(`${node.name} unclamped`, count);
  const [outer, channels = 1] = input.shape as [number, number?];
  context.assembler.step('batch_norm_f32', {
    inputOffset: at(input.buffer),
    gammaOffset: at(context.input(node, 1).buffer),
    betaOffset: at(context.input(node, 2).buffer),
    meanOffset: at(context.input(node, 3).buffer),
    varianceOffset: at(context.input(node, 4).buffer),
    outputOffset: at(result),
    outer,
    channels,
    inner: elementCount(input.shape.slice(2)),
    epsilonBits: floatBits(node.attributes.epsilon),
  });
  if (node.bounds !== undefined) clamp(context, result, output.buffer, count, node.bounds);
}
