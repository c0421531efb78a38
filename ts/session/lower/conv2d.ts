/** SPEC 3.1. The algorithm is chosen here: packed panels, Winograd, one channel at a time, or plain groups. */
import { at, type PackJob, type StepBuffer } from '../assembler.js';
import { chooseConvolution, type ConvolutionAlgorithm } from '../convolution-algorithm.js';
import { formFields, type LowerContext, type OperationOf, type PlacedValue } from './context.js';

interface Operands {
  readonly weights: StepBuffer;
  readonly bias: StepBuffer;
  readonly multipliers: StepBuffer;
}

export function lowerConv2d(context: LowerContext, operation: OperationOf<'conv2d'>): void {
  const input = context.input(operation);
  const inC = input.info.shape[1] as number;
  const outC = context.output(operation).info.shape[1] as number;
  const { groups } = operation;
  if (groups === 1 && algorithm(context, operation) === 'winograd_f43') emit(context, operation, 'winograd_f43', packWinograd(context, operation, input, inC, outC));
  else if (groups === 1) emit(context, operation, 'conv2d', packConv2d(context, operation, input, inC, outC));
  else if (groups === inC && groups === outC) emit(context, operation, 'depthwise_conv2d', packDepthwise(context, operation, input, outC));
  else emit(context, operation, 'grouped_conv2d', plainOperands(context, operation, outC));
}

function algorithm(context: LowerContext, operation: OperationOf<'conv2d'>): ConvolutionAlgorithm {
  const { info } = context.input(operation);
  const [, outC = 1, outH = 1, outW = 1] = context.output(operation).info.shape;
  const weight = context.tensor(operation.weight);
  const [, inC = 1, kernelH = 1, kernelW = 1] = weight.shape;
  const { stride, dilation, groups } = operation;
  return chooseConvolution({ inC, outC, outH, outW, kernel: [kernelH, kernelW], stride, dilation, groups }, weight, info, context.options);
}

/** Packs the weights of a convolution or dense layer (kernel 1 × 1) into the panels of the conv2d kernel. */
export function packConv2d(context: LowerContext, operation: OperationOf<'conv2d'> | OperationOf<'dense'>, input: PlacedValue, inC: number, outC: number): Operands {
  const [, , kernelH = 1, kernelW = 1] = context.tensor(operation.weight).shape;
  const bytes = context.engine.packedConv2dBytes(inC, outC, kernelH, kernelW);
  return packed(context, operation, input, { kernel: 'pack_conv2d', bytes, inC, outC, kernelH, kernelW });
}

function packWinograd(context: LowerContext, operation: OperationOf<'conv2d'>, input: PlacedValue, inC: number, outC: number): Operands {
  const bytes = context.engine.packedWinogradF43Bytes(inC, outC);
  return packed(context, operation, input, { kernel: 'pack_winograd_f43', bytes, inC, outC, kernelH: 3, kernelW: 3 });
}

function packDepthwise(context: LowerContext, operation: OperationOf<'conv2d'>, input: PlacedValue, channels: number): Operands {
  const [, , kernelH = 1, kernelW = 1] = context.tensor(operation.weight).shape;
  const bytes = context.engine.packedDepthwiseBytes(channels, kernelH, kernelW);
  return packed(context, operation, input, { kernel: 'pack_depthwise', bytes, inC: channels, outC: channels, kernelH, kernelW });
}

interface Packing {
  readonly kernel: PackJob['kernel'];
  readonly bytes: number;
  readonly inC: number;
  readonly outC: number;
  readonly kernelH: number;
  readonly kernelW: number;
}

function packed(context: LowerContext, operation: OperationOf<'conv2d'> | OperationOf<'dense'>, input: PlacedValue, packing: Packing): Operands {
  const { assembler } = context;
  const { bytes, ...sizes } = packing;
  const perChannel = 4 * context.engine.packedChannels(packing.outC);
  const packedWeights = assembler.weights(`${operation.name} weights`, bytes);
  const packedBias = assembler.weights(`${operation.name} bias`, perChannel);
  const packedMultipliers = assembler.weights(`${operation.name} multipliers`, perChannel);
  assembler.pack({
    ...sizes,
    weights: context.weights(operation.weight),
    bias: context.bias(operation.bias),
    multipliers: context.multipliers(operation.requantization),
    inZeroPoint: input.info.zeroPoint,
    packedWeights,
    packedBias,
    packedMultipliers,
  });
  return { weights: packedWeights, bias: packedBias, multipliers: packedMultipliers };
}

/** Grouped convolution reads its operands as the file has them; one multiplier for all is written once per channel. */
function plainOperands(context: LowerContext, operation: OperationOf<'conv2d'>, outC: number): Operands {
  const { assembler } = context;
  const given = context.multipliers(operation.requantization);
  const multipliers = given.length === outC ? given : new Int32Array(outC).fill(given[0] as number);
  return {
    weights: assembler.constant(`${operation.name} weights`, context.weights(operation.weight)),
    bias: assembler.constant(`${operation.name} bias`, context.bias(operation.bias) ?? new Int32Array(outC)),
    multipliers: assembler.constant(`${operation.name} multipliers`, multipliers),
  };
}

function emit(context: LowerContext, operation: OperationOf<'conv2d'>, kernel: 'conv2d' | 'winograd_f43' | 'depthwise_conv2d' | 'grouped_conv2d', operands: Operands): void {
  const input = context.input(operation);
  const output = context.output(operation);
  const [, inC, inH, inW] = input.info.shape as [number, number, number, number];
  const [, outC, outH, outW] = output.info.shape as [number, number, number, number];
  const [kernelH, kernelW] = context.tensor(operation.weight).shape.slice(2) as [number, number];
  const [padTop, padLeft] = operation.pads;
  const [lo, hi] = operation.clamp;
  context.assembler.step(kernel, {
    inputOffset: at(input.buffer),
    weightsOffset: at(operands.weights),
    biasOffset: at(operands.bias),
    multiplierOffset: at(operands.multipliers),
    outputOffset: at(output.buffer),
    inContainer: input.container,
    inH,
    inW,
    inC,
    inStride: input.layout.strides[3] as number,
    inZeroPoint: input.info.zeroPoint,
    outContainer: output.container,
    outH,
    outW,
    outC,
    outStride: output.layout.strides[3] as number,
    kernelH,
    kernelW,
    strideH: operation.stride[0],
    strideW: operation.stride[1],
    padTop,
    padLeft,
    dilationH: operation.dilation[0],
    dilationW: operation.dilation[1],
    groups: operation.groups,
    ...formFields(operation.requantization),
    outZeroPoint: output.info.zeroPoint,
    lo,
    hi,
  });
}
