/** add and clamp that no batch norm absorbs. */
import { at, floatBits, type StepBuffer } from '../../../session/assembler.js';
import type { AddNode, NodeOf } from '../fuse.js';
import type { Value } from '../../tape/node.js';
import { elements, type Backward, type TrainContext } from './context.js';

interface Clamped {
  readonly name: string;
  readonly lo: number;
  readonly hi: number;
  readonly output: Value;
}

export function lowerAdd(context: TrainContext, node: AddNode): Backward {
  const [a, b] = node.inputs as [Value, Value];
  const { loBits, hiBits } = boundBits(node);
  const result = context.place(node.output, node.name);
  context.assembler.step('add_elements', { aOffset: at(context.floats(a)), bOffset: at(context.floats(b)), outputOffset: at(result), count: elements(node.output), loBits, hiBits });
  return (gradient) => {
    const part = maskedGradient(context, node, result, gradient);
    context.gradients.add(a, part);
    context.gradients.add(b, part);
  };
}

export function lowerClamp(context: TrainContext, node: NodeOf<'clamp'>): Backward {
  const input = node.inputs[0] as Value;
  const result = context.place(node.output, node.name);
  context.assembler.step('clamp_f32', { inputOffset: at(context.floats(input)), outputOffset: at(result), count: elements(node.output), ...boundBits(node) });
  return (gradient) => {
    if (context.gradients.isWanted(input)) context.gradients.add(input, maskedGradient(context, node, result, gradient));
  };
}

/** The gradient where the clamp let the value through. */
function maskedGradient(context: TrainContext, node: Clamped, result: StepBuffer, gradient: StepBuffer): StepBuffer {
  if (node.lo === -Infinity && node.hi === Infinity) return gradient;
  const masked = context.temporary(`gradient into ${node.name}`, gradient.bytes);
  context.assembler.step('clamp_backward', { gradientOffset: at(gradient), outputOffset: at(result), inputGradientOffset: at(masked), count: gradient.bytes / 4, ...boundBits(node) });
  return masked;
}

function boundBits({ lo, hi }: Clamped): { readonly loBits: number; readonly hiBits: number } {
  return { loBits: floatBits(lo), hiBits: floatBits(hi) };
}
