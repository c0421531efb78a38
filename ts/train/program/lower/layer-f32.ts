/** f32 convolutions and linear layers: forward, to the input, to the weights, to the bias. */
import { at, type StepBuffer } from '../../../session/assembler.js';
import type { Parameter } from '../../modules/parameter.js';
import type { Value } from '../../tape/node.js';
import { elements, type Backward, type TrainContext } from './context.js';
import { geometryOf, outPixels, transposedGeometry, weightCount, type ConvGeometry, type LayerNode } from './geometry.js';

/** Output channels of one panel of packed weights. */
const PANEL = 8;

export function lowerLayerF32(context: TrainContext, node: LayerNode): Backward {
  const { assembler, gradients } = context;
  const input = node.inputs[0] as Value;
  const geometry = geometryOf(node);
  const packed = pack(context, node, geometry, false);
  assembler.step('conv_f32_nhwc', {
    inputOffset: at(context.floats(input)),
    packedWeightsOffset: at(packed),
    biasOffset: node.bias === null ? 0 : context.parameter(node.bias),
    outputOffset: at(context.place(node.output, node.name)),
    ...geometry,
    inputDilationH: 1,
    inputDilationW: 1,
  });
  return (gradient) => {
    if (gradients.isWanted(input)) gradients.add(input, inputGradient(context, node, geometry, gradient));
    const weightGradient = context.temporary(`gradient of ${node.name} weights`, weightCount(geometry) * 4);
    assembler.step('conv_weight_gradient_f32', { inputOffset: at(context.floats(input)), gradientOffset: at(gradient), outputOffset: at(weightGradient), ...geometry });
    gradients.addParameter(node.weight, at(weightGradient), weightCount(geometry));
    if (node.bias !== null) biasGradient(context, node.bias, geometry, gradient);
  };
}

/** Shared with quantized layers, whose bias is f32 too. */
export function biasGradient({ assembler, gradients }: TrainContext, bias: Parameter, geometry: ConvGeometry, gradient: StepBuffer): void {
  const sums = assembler.activation('gradient of a bias', geometry.outC * 4);
  assembler.step('sum_rows', { inputOffset: at(gradient), outputOffset: at(sums), rows: outPixels(geometry), channels: geometry.outC });
  gradients.addParameter(bias, at(sums), geometry.outC);
}

function inputGradient(context: TrainContext, node: LayerNode, forward: ConvGeometry, gradient: StepBuffer): StepBuffer {
  const result = context.temporary(`gradient into ${node.name}`, elements(node.inputs[0] as Value) * 4);
  context.assembler.step('conv_f32_nhwc', {
    inputOffset: at(gradient),
    packedWeightsOffset: at(pack(context, node, forward, true)),
    biasOffset: 0,
    outputOffset: at(result),
    ...transposedGeometry(forward),
    inputDilationH: forward.strideH,
    inputDilationW: forward.strideW,
  });
  return result;
}

function pack(context: TrainContext, node: LayerNode, { inC, outC, kernelH, kernelW, groups }: ConvGeometry, isTransposed: boolean): StepBuffer {
  const [inputs, outputs] = isTransposed ? [outC, inC] : [inC, outC];
  const isDepthwise = inC === groups && outC === groups;
  const floats = isDepthwise ? groups * kernelH * kernelW : groups * Math.ceil(outputs / groups / PANEL) * PANEL * kernelH * kernelW * (inputs / groups);
  const packed = context.temporary(`${node.name} panels`, floats * 4);
  context.assembler.step('pack_conv_f32', {
    weightsOffset: context.parameter(node.weight),
    packedWeightsOffset: at(packed),
    inC, outC, kernelH, kernelW, groups,
    isTransposed: isTransposed ? 1 : 0,
  });
  return packed;
}
