/** Nodes that only move floats: flatten and the shortcut of option A. */
import { at, type StepBuffer } from '../../../session/assembler.js';
import { rowMajorStrides } from '../../../graph/shape.js';
import { stridedCopy, type View } from '../../../session/strided-copy.js';
import type { Value } from '../../tape/node.js';
import type { NodeOf } from '../fuse.js';
import { elements, type Backward, type TrainContext } from './context.js';

/** To ONNX's order, channels first; nothing moves for one pixel or one channel. */
export function lowerFlatten(context: TrainContext, node: NodeOf<'flatten'>): Backward {
  const input = node.inputs[0] as Value;
  const { shape } = input;
  const [n = 1, h = 1, w = 1, c = 1] = shape;
  if (shape.length === 2 || h * w === 1 || c === 1) {
    context.share(node.output, context.floats(input));
    return (gradient) => context.gradients.add(input, gradient);
  }
  const axes = [n, c, h, w];
  const pictures = [h * w * c, 1, w * c, c];
  const features = rowMajorStrides(axes);
  const result = context.place(node.output, node.name);
  stridedCopy(context.assembler, axes, 4, view(context.floats(input), pictures), view(result, features));
  return (gradient) => {
    if (!context.gradients.isWanted(input)) return;
    const back = context.temporary(`gradient into ${node.name}`, gradient.bytes);
    stridedCopy(context.assembler, axes, 4, view(gradient, features), view(back, pictures));
    context.gradients.add(input, back);
  };
}

export function lowerOptionAShortcut(context: TrainContext, node: NodeOf<'option_a_shortcut'>): Backward {
  const input = node.inputs[0] as Value;
  const [, inH, inW, inC] = input.shape as [number, number, number, number];
  const [batch, outH, outW, outC] = node.output.shape as [number, number, number, number];
  const [strideH, strideW] = node.stride;
  const axes = [batch, outH, outW, inC];
  const picked = [inH * inW * inC, strideH * inW * inC, strideW * inC, 1];
  const dense = rowMajorStrides([batch, outH, outW, outC]);
  const result = context.place(node.output, node.name);
  if (outC > inC) fillZeros(context, result, elements(node.output));
  stridedCopy(context.assembler, axes, 4, view(context.floats(input), picked), view(result, dense, node.before));
  return (gradient) => {
    if (!context.gradients.isWanted(input)) return;
    const back = context.temporary(`gradient into ${node.name}`, 4 * elements(input));
    fillZeros(context, back, elements(input));
    stridedCopy(context.assembler, axes, 4, view(gradient, dense, node.before), view(back, picked));
    context.gradients.add(input, back);
  };
}

function view(buffer: StepBuffer, strides: readonly number[], start = 0): View {
  return { buffer, bytes: buffer.bytes, start, strides };
}

function fillZeros({ assembler }: TrainContext, buffer: StepBuffer, count: number): void {
  assembler.step('fill', { outputOffset: at(buffer), count, elementBytes: 4, value: 0 });
}
