/** SPEC 3.1. The algorithm is chosen here: packed panels by the best dot product, Winograd, one channel at a time, or plain groups. */
import type { IntegerValue, Pair } from '../../integer/integer-graph.js';
import type { Dot } from '../../wasm/params.js';
import { compactBytes, packedEachRun } from './compact.js';
import { winogradPart } from '../winograd-bound.js';
import { at, type Packing, type StepBuffer, type StepFields } from '../assembler.js';
import type { ConvolutionAlgorithm } from '../convolution-algorithm.js';
import type { Direct, Linear } from './choose-direct.js';
import { chooseDepthwiseDot } from './choose-dot.js';
import { formFields, type LowerContext, type OperationOf, type PlacedValue } from './context.js';
import { panelBytes, winogradBytes } from './packed-bytes.js';

export interface Operands {
  readonly weights: StepBuffer;
  readonly bias: StepBuffer;
  readonly multipliers: StepBuffer;
}

/** Operands in panels, and what they are packed for. */
export interface Panels extends Operands {
  readonly direct: Direct;
}

function partOf(context: LowerContext, { weight }: OperationOf<'conv2d'>, { range, zeroPoint }: IntegerValue, channels: Pair): number {
  return winogradPart(context.weights(weight), channels, range, zeroPoint, context.tensor(weight).dtype === 'i4' ? 'i4' : 'i8');
}

export function lowerConv2d(context: LowerContext, operation: OperationOf<'conv2d'>): void {
  const input = context.input(operation);
  const inC = input.info.shape[1] as number;
  const outC = context.output(operation).info.shape[1] as number;
  const { groups } = operation;
  const chosen = context.algorithm(operation);
  if (chosen !== 'direct') {
    const fields = stepFields(context, operation, packWinograd(context, operation, input, chosen, inC, outC));
    if (chosen === 'winograd_f23') context.assembler.step(chosen, fields);
    else context.assembler.step(chosen, { ...fields, partC: partOf(context, operation, input.info, [outC, inC]) });
  } else if (groups === 1) {
    const panels = packPanels(context, operation, input, inC, outC);
    multiplyPanels(context, panels, stepFields(context, operation, panels));
  } else if (groups === inC && groups === outC) {
    lowerDepthwise(context, operation, input, outC);
  } else {
    context.assembler.step('grouped_conv2d', stepFields(context, operation, plainOperands(context, operation, outC)));
  }
}

/** Packs the weights of a convolution or dense layer (kernel 1 × 1) for the dot product that suits its operands. */
export function packPanels(context: LowerContext, operation: Linear, input: PlacedValue, inC: number, outC: number): Panels {
  const [, , kernelH = 1, kernelW = 1] = context.tensor(operation.weight).shape;
  const sizes = { inC, outC, kernelH, kernelW };
  const direct = context.direct(operation);
  const plain = direct.kind === 'direct_paired' ? 'pack_conv2d_paired' : 'pack_conv2d';
  const kernel = direct.dot === null ? ({ kernel: plain } as const) : ({ kernel: 'pack_conv2d_relaxed', dot: direct.dot, inContainer: input.container } as const);
  return { ...packed(context, operation, input, { ...kernel, ...sizes }, panelBytes(context, operation)), direct };
}

/** The step that belongs to {@link packPanels}. */
export function multiplyPanels({ assembler }: LowerContext, { direct: { kind, dot } }: Panels, fields: StepFields<'conv2d'>): void {
  if (dot !== null) assembler.step('conv2d_relaxed', { ...fields, dot });
  else assembler.step(kind === 'direct_paired' ? 'conv2d_paired' : 'conv2d', fields);
}

type Winograd = Exclude<ConvolutionAlgorithm, 'direct'>;

function packWinograd(context: LowerContext, operation: OperationOf<'conv2d'>, input: PlacedValue, winograd: Winograd, inC: number, outC: number): Operands {
  const bytes = winogradBytes(context.engine, winograd, inC, outC);
  return packed(context, operation, input, { kernel: `pack_${winograd}`, inC, outC, kernelH: 3, kernelW: 3 }, bytes);
}

/** By dot products of bytes where that kernel has the window, else by i16. Both read the same packed weights. */
function lowerDepthwise(context: LowerContext, operation: OperationOf<'conv2d'>, input: PlacedValue, channels: number): void {
  const fields = stepFields(context, operation, packDepthwise(context, operation, input, channels));
  const { kernelH, kernelW, dilationH, dilationW, strideW, inStride } = fields as Readonly<Record<string, number>>;
  const isWindow = kernelH === 3 && kernelW === 3 && dilationH === 1 && dilationW === 1 && (strideW as number) <= 2 && (inStride as number) % 8 === 0;
  const dot = isWindow ? chooseDepthwiseDot(context.lowering, input.info) : null;
  if (dot === null) context.assembler.step('depthwise_conv2d', fields);
  else context.assembler.step('depthwise_conv2d_relaxed', { ...fields, dot });
}

function packDepthwise(context: LowerContext, operation: OperationOf<'conv2d'>, input: PlacedValue, channels: number): Operands {
  const [, , kernelH = 1, kernelW = 1] = context.tensor(operation.weight).shape;
  const bytes = context.engine.packedDepthwiseBytes(channels, kernelH, kernelW);
  return packed(context, operation, input, { kernel: 'pack_depthwise', inC: channels, outC: channels, kernelH, kernelW }, bytes);
}

function packed(context: LowerContext, operation: Linear, input: PlacedValue, packing: Packing, bytes: number): Operands {
  const { assembler } = context;
  if (context.options.memory === 'compact' && bytes > compactBytes(context.tensor(operation.weight))) return packedEachRun(context, operation, input, packing, bytes);
  const perChannel = 4 * context.engine.packedChannels(packing.outC);
  const packedWeights = assembler.weights(`${operation.name} weights`, bytes);
  const packedBias = assembler.weights(`${operation.name} bias`, perChannel);
  const packedMultipliers = assembler.weights(`${operation.name} multipliers`, perChannel);
  assembler.pack({
    ...packing,
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

/** The fields that all convolutions share. */
function stepFields(context: LowerContext, operation: OperationOf<'conv2d'>, operands: Operands): StepFields<'conv2d'> {
  const input = context.input(operation);
  const output = context.output(operation);
  const [, inC, inH, inW] = input.info.shape as [number, number, number, number];
  const [, outC, outH, outW] = output.info.shape as [number, number, number, number];
  const [kernelH, kernelW] = context.tensor(operation.weight).shape.slice(2) as [number, number];
  const [padTop, padLeft] = operation.pads;
  const [lo, hi] = operation.clamp;
  return {
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
    batch: 1,
  };
}
