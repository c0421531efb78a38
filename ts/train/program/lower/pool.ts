/** Max and average pools. */
import { at } from '../../../session/assembler.js';
import type { Value } from '../../tape/node.js';
import type { NodeOf } from '../fuse.js';
import { elements, type Backward, type TrainContext } from './context.js';

export function lowerMaxPool(context: TrainContext, node: NodeOf<'max_pool'>): Backward {
  const input = node.inputs[0] as Value;
  const sizes = poolSizes(node);
  const indices = context.temporary(`${node.name} winners`, 4 * elements(node.output));
  context.assembler.step('max_pool_nhwc', { inputOffset: at(context.floats(input)), outputOffset: at(context.place(node.output, node.name)), indicesOffset: at(indices), ...sizes });
  return (gradient) => {
    if (!context.gradients.isWanted(input)) return;
    const result = context.temporary(`gradient into ${node.name}`, 4 * elements(input));
    context.assembler.step('max_pool_backward', { gradientOffset: at(gradient), indicesOffset: at(indices), inputGradientOffset: at(result), ...sizes });
    context.gradients.add(input, result);
  };
}

export function lowerAveragePool(context: TrainContext, node: NodeOf<'average_pool'>): Backward {
  const input = node.inputs[0] as Value;
  const sizes = { ...poolSizes(node), countIncludePad: node.countIncludePad ? 1 : 0 };
  context.assembler.step('average_pool_nhwc', { inputOffset: at(context.floats(input)), outputOffset: at(context.place(node.output, node.name)), ...sizes });
  return (gradient) => {
    if (!context.gradients.isWanted(input)) return;
    const result = context.temporary(`gradient into ${node.name}`, 4 * elements(input));
    context.assembler.step('average_pool_backward', { gradientOffset: at(gradient), inputGradientOffset: at(result), ...sizes });
    context.gradients.add(input, result);
  };
}

function poolSizes({ inputs, output, window }: NodeOf<'max_pool'> | NodeOf<'average_pool'>) {
  const [batch, inH, inW, channels] = (inputs[0] as Value).shape as [number, number, number, number];
  const [, outH, outW] = output.shape as [number, number, number, number];
  const [kernelH, kernelW] = window.kernel;
  const [strideH, strideW] = window.stride;
  const [padTop, padLeft] = window.pads;
  return { batch, inH, inW, channels, outH, outW, kernelH, kernelW, strideH, strideW, padTop, padLeft };
}
