/** Concat, Reshape, Transpose, Slice, Pad, Gather: nodes that only move floats. */
import { at, floatBits } from '../assembler.js';
import { elementCount, rowMajorStrides } from '../../graph/shape.js';
import { stridedCopy, type View } from '../strided-copy.js';
import { floatView, type FloatContext, type NodeOf } from './context.js';

const FLOAT_BYTES = 4;

export function lowerConcat(context: FloatContext, node: NodeOf<'Concat'>): void {
  const to = floatView(context.output(node));
  const { axis: given } = node.attributes;
  const axis = given < 0 ? given + to.strides.length : given;
  let position = 0;
  node.inputs.forEach((_, index) => {
    const input = context.input(node, index);
    stridedCopy(context.assembler, input.shape, FLOAT_BYTES, floatView(input), { ...to, start: position * (to.strides[axis] as number) });
    position += input.shape[axis] as number;
  });
}

/** No step: the same bytes under another shape. */
export function lowerReshape(context: FloatContext, node: NodeOf<'Reshape'>): void {
  const name = node.outputs[0] as string;
  context.share(name, context.graph.values.get(name)?.shape ?? node.attributes.shape, context.input(node).buffer);
}

export function lowerTranspose(context: FloatContext, node: NodeOf<'Transpose'>): void {
  const output = context.output(node);
  const from = floatView(context.input(node));
  const strides = node.attributes.perm.map((axis) => from.strides[axis] as number);
  stridedCopy(context.assembler, output.shape, FLOAT_BYTES, { ...from, strides }, floatView(output));
}

export function lowerSlice(context: FloatContext, node: NodeOf<'Slice'>): void {
  const { starts, steps } = node.attributes;
  const output = context.output(node);
  const whole = floatView(context.input(node));
  const from: View = {
    ...whole,
    start: starts.reduce((sum, start, axis) => sum + start * (whole.strides[axis] as number), 0),
    strides: whole.strides.map((stride, axis) => stride * (steps[axis] as number)),
  };
  stridedCopy(context.assembler, output.shape, FLOAT_BYTES, from, floatView(output));
}

export function lowerPad(context: FloatContext, node: NodeOf<'Pad'>): void {
  const { before, value } = node.attributes;
  const input = context.input(node);
  const output = context.output(node);
  const to = floatView(output);
  context.assembler.step('fill', { outputOffset: at(output.buffer), count: elementCount(output.shape), elementBytes: FLOAT_BYTES, value: floatBits(value) });
  const start = before.reduce((sum, count, axis) => sum + count * (to.strides[axis] as number), 0);
  stridedCopy(context.assembler, input.shape, FLOAT_BYTES, floatView(input), { ...to, start });
}

export function lowerGather(context: FloatContext, node: NodeOf<'Gather'>): void {
  const { axis: given, indices } = node.attributes;
  const input = context.input(node);
  const axis = given < 0 ? given + input.shape.length : given;
  context.assembler.step('gather', {
    inputOffset: at(input.buffer),
    indicesOffset: at(context.assembler.constant(`${node.name} indices`, Int32Array.from(indices))),
    outputOffset: at(context.output(node).buffer),
    outer: elementCount(input.shape.slice(0, axis)),
    axisLength: input.shape[axis] as number,
    blockBytes: FLOAT_BYTES * (rowMajorStrides(input.shape)[axis] as number),
    count: indices.length,
  });
}
