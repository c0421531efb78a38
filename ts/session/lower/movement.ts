/** SPEC 3.7: operations that only move codes. */
import { at } from '../assembler.js';
import { rowMajorStrides } from '../../graph/shape.js';
import { isRowMajor } from '../layout.js';
import { stridedCopy, wholeView, type View } from '../strided-copy.js';
import type { LowerContext, OperationOf, PlacedValue } from './context.js';

export function lowerSlice(context: LowerContext, operation: OperationOf<'slice'>): void {
  const input = context.input(operation);
  const output = context.output(operation);
  const { strides } = input.layout;
  const from: View = {
    ...wholeView(input.buffer, input.layout),
    start: operation.starts.reduce((sum, start, axis) => sum + start * (strides[axis] as number), 0),
    strides: strides.map((stride, axis) => stride * (operation.steps[axis] as number)),
  };
  stridedCopy(context.assembler, output.info.shape, output.layout.elementBytes, from, wholeView(output.buffer, output.layout));
}

export function lowerPad(context: LowerContext, operation: OperationOf<'pad'>): void {
  const input = context.input(operation);
  const output = context.output(operation);
  const { strides, elements, elementBytes } = output.layout;
  context.assembler.step('fill', { outputOffset: at(output.buffer), count: elements, elementBytes, value: operation.value });
  const to: View = {
    ...wholeView(output.buffer, output.layout),
    start: operation.before.reduce((sum, before, axis) => sum + before * (strides[axis] as number), 0),
  };
  stridedCopy(context.assembler, input.info.shape, elementBytes, wholeView(input.buffer, input.layout), to);
}

export function lowerTranspose(context: LowerContext, operation: OperationOf<'transpose'>): void {
  const input = context.input(operation);
  const output = context.output(operation);
  const from: View = { ...wholeView(input.buffer, input.layout), strides: operation.perm.map((axis) => input.layout.strides[axis] as number) };
  stridedCopy(context.assembler, output.info.shape, output.layout.elementBytes, from, wholeView(output.buffer, output.layout));
}

/** Shares the buffer when both layouts are row-major, copies once when one of them is, and goes through row-major codes otherwise. */
export function lowerReshape(context: LowerContext, operation: OperationOf<'reshape'>): void {
  const { assembler } = context;
  const input = context.input(operation);
  const target = operation.outputs[0] as number;
  const output = context.output(operation);
  const { elementBytes } = output.layout;
  if (isRowMajor(input.layout) && isRowMajor(output.layout)) {
    context.share(target, input.buffer);
    return;
  }
  if (isRowMajor(input.layout)) {
    stridedCopy(assembler, output.info.shape, elementBytes, reshaped(input, output), wholeView(output.buffer, output.layout));
    return;
  }
  if (isRowMajor(output.layout)) {
    stridedCopy(assembler, input.info.shape, elementBytes, wholeView(input.buffer, input.layout), reshaped(output, input));
    return;
  }
  const rowMajor = context.rowMajorTemporary(`${operation.name} row-major`, input.info.shape, input.container);
  const middle = wholeView(rowMajor.buffer, rowMajor.layout);
  stridedCopy(assembler, input.info.shape, elementBytes, wholeView(input.buffer, input.layout), middle);
  stridedCopy(assembler, output.info.shape, elementBytes, { ...middle, strides: rowMajorStrides(output.info.shape) }, wholeView(output.buffer, output.layout));
}

/** A row-major value seen with the shape of another. */
function reshaped(value: PlacedValue, like: PlacedValue): View {
  return { ...wholeView(value.buffer, value.layout), strides: rowMajorStrides(like.info.shape) };
}
