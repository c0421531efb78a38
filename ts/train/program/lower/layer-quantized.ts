/**
 * Quantized convolutions and linear layers: three integer convolutions a step. Forward: codes of activations and weights, exact sums. Backward: codes of the
 * gradient, which the sums to the input and to the weights read, and what the quantizers let through (research/seeds-training §1.3).
 */
import { at, floatBits, type Ref, type StepBuffer } from '../../../session/assembler.js';
import { channelStride } from '../../../session/layout.js';
import { Container } from '../../../wasm/params.js';
import type { Parameter } from '../../modules/parameter.js';
import type { LayerQuantization, Value } from '../../tape/node.js';
import { GRADIENT_STATE, type GradientLayer } from '../gradient-layer.js';
import { channels, elements, rows, type Backward, type TrainContext } from './context.js';
import { geometryOf, inPixels, outPixels, weightCount, type ConvGeometry, type LayerNode } from './geometry.js';
import { makeGradientLayer, quantizeGradient, quantizeGradientPerChannel } from './gradient-codes.js';
import { integerConvolution, type Codes, type ExactSums } from './integer-convolution.js';
import { integerInputGradient } from './integer-input-gradient.js';
import { integerWeightGradient } from './integer-weight-gradient.js';
import { biasGradient } from './layer-f32.js';

/** Byte of a quantizer state where the step is: what one code is worth. */
const STEP = 4;
const STATE_BYTES = 16;
/** `mode` of init_quantizer. */
const INIT = { signed: 0, unsigned: 1 } as const;

export type QuantizedNode = LayerNode & { readonly quantization: LayerQuantization };

/** What the backward pass of a layer needs of its forward pass. */
interface Forward {
  readonly node: QuantizedNode;
  readonly geometry: ConvGeometry;
  readonly activations: Codes;
  readonly weights: StepBuffer;
  readonly activationState: Ref;
  readonly weightState: Ref;
  readonly layer: GradientLayer;
}

export function lowerLayerQuantized(context: TrainContext, node: QuantizedNode): Backward {
  const geometry = geometryOf(node);
  const activationState = stateOf(context, node.quantization.activationInterval);
  const weightState = stateOf(context, node.quantization.weightInterval);
  const weights = quantizeWeights(context, node, weightState, weightCount(geometry));
  const activations = quantizeActivations(context, node, activationState);
  const sums = integerConvolution(context, { label: `${node.name} sums`, input: activations, weights, weightBits: node.quantization.bits.weight, geometry });
  const layer = makeGradientLayer(context, node);
  placeOutput(context, node, geometry, sums, [shift(activationState), shift(weightState)], layer);
  return (gradient) => lowerBackward(context, { node, geometry, activations, weights, activationState, weightState, layer }, gradient);
}

/** The sums themselves where a batch norm reads them, else floats. */
function placeOutput(context: TrainContext, node: QuantizedNode, geometry: ConvGeometry, sums: ExactSums, [a, b]: readonly [Ref, Ref], layer: GradientLayer): void {
  if (node.bias === null && context.plan.sums.has(node.output.index)) {
    context.placeSource(node.output, { ...sums, stride: geometry.outC, scaleA: a, scaleB: b, layer });
    return;
  }
  context.assembler.step('dequantize_sums', {
    inputOffset: at(sums.buffer),
    inContainer: sums.container,
    scaleAOffset: a,
    scaleBOffset: b,
    biasOffset: node.bias === null ? 0 : context.parameter(node.bias),
    outputOffset: at(context.place(node.output, node.name)),
    rows: outPixels(geometry),
    channels: geometry.outC,
    inStride: geometry.outC,
  });
}

/** In evaluation a copy, so that nothing is changed: not the interval of a model that has seen no batch yet either. */
function stateOf(context: TrainContext, interval: Parameter): Ref {
  const state = context.parameter(interval);
  if (context.isTraining) return state;
  const copy = context.temporary(`${state.buffer.label}, copied`, STATE_BYTES);
  context.assembler.step('gather', { inputOffset: state, indicesOffset: at(context.assembler.constant('first', Int32Array.of(0))), outputOffset: at(copy), outer: 1, axisLength: 1, blockBytes: STATE_BYTES, count: 1 });
  return at(copy);
}

function quantizeWeights(context: TrainContext, { name, weight, quantization }: QuantizedNode, stateOffset: Ref, count: number): StepBuffer {
  const values = context.parameter(weight);
  const codes = context.temporary(`${name} weight codes`, count);
  context.assembler.step('init_quantizer', { inputOffset: values, stateOffset, count, mode: INIT.signed });
  context.assembler.step('quantize_weights', { weightsOffset: values, stateOffset, codesOffset: at(codes), count, bits: quantization.bits.weight });
  return codes;
}

function quantizeActivations(context: TrainContext, { name, inputs, quantization }: QuantizedNode, stateOffset: Ref): Codes {
  const input = inputs[0] as Value;
  const { isSigned, bits } = quantization;
  const inputOffset = at(context.floats(input));
  const stride = channelStride(channels(input));
  const codes = context.temporary(`${name} activation codes`, rows(input) * stride);
  context.assembler.step('init_quantizer', { inputOffset, stateOffset, count: elements(input), mode: isSigned ? INIT.signed : INIT.unsigned });
  context.assembler.step('quantize_activations', {
    inputOffset,
    stateOffset,
    codesOffset: at(codes),
    rows: rows(input),
    channels: channels(input),
    outStride: stride,
    bits: bits.activation,
    isSigned: isSigned ? 1 : 0,
  });
  return { buffer: codes, container: isSigned ? Container.i8 : Container.u8, stride, bits: bits.activation };
}

function lowerBackward(context: TrainContext, forward: Forward, gradient: StepBuffer): void {
  const { node, geometry, layer } = forward;
  if (node.bias !== null) biasGradient(context, node.bias, geometry, gradient);
  const codes = quantizeGradient(context, layer, gradient, geometry);
  inputGradient(context, forward, codes);
  // The codes of the whole tensor have done their work: a method with clips per channel writes its own over them.
  const perChannel = quantizeGradientPerChannel(context, layer, gradient, codes);
  weightGradient(context, forward, codes, perChannel);
}

function inputGradient(context: TrainContext, forward: Forward, codes: Codes): void {
  const { node, geometry, activationState, weightState, layer } = forward;
  const { assembler, gradients } = context;
  const { bits, isSigned, activationInterval } = node.quantization;
  const input = node.inputs[0] as Value;
  const sums = integerInputGradient(context, node.name, codes, { weights: forward.weights, bits: bits.weight }, geometry);
  const before = gradients.of(input);
  const output = context.temporary(`gradient into ${node.name}`, 4 * elements(input));
  const intervalGradient = context.temporary(`gradient of ${node.name} activation interval`, 4);
  // Who adds last spares the batch norm a look at its result.
  const clamp = context.plan.firstReaders.get(input.index) === node ? context.plan.norms.get(input.index) : undefined;
  assembler.step('quantize_activations_backward', {
    inputOffset: at(context.floats(input)),
    gradientOffset: at(sums.buffer),
    scaleAOffset: at(layer.state, 4 * GRADIENT_STATE.step),
    scaleBOffset: shift(weightState),
    addOffset: before === undefined ? 0 : at(before),
    stateOffset: activationState,
    outputOffset: at(output),
    intervalGradientOffset: at(intervalGradient),
    rows: inPixels(geometry),
    channels: geometry.inC,
    inContainer: sums.container,
    inStride: geometry.inC,
    bits: bits.activation,
    isSigned: isSigned ? 1 : 0,
    loBits: floatBits(clamp?.lo ?? -Infinity),
    hiBits: floatBits(clamp?.hi ?? Infinity),
  });
  gradients.addParameter(activationInterval, at(intervalGradient), 1);
  if (!gradients.isWanted(input)) return;
  if (clamp === undefined) gradients.replace(input, output);
  else gradients.replaceMasked(input, output);
}

function weightGradient(context: TrainContext, forward: Forward, codes: Codes, perChannel: ReturnType<typeof quantizeGradientPerChannel>): void {
  const { node, geometry, activations, activationState, weightState, layer } = forward;
  const { assembler, gradients, schedule } = context;
  const count = weightCount(geometry);
  const { sums, slabs } = integerWeightGradient(context, `${node.name} weight gradient sums`, activations, codes, geometry);
  const floats = context.temporary(`gradient of ${node.name} weight codes`, 4 * count);
  const dequantize = (scaleBOffset: Ref, isPerChannel: number) => schedule.onRequest(() => {
    const sizes = { slabs, outC: geometry.outC, perChannel: count / geometry.outC, isPerChannel };
    assembler.step('dequantize_weight_gradient', { inputOffset: at(sums), scaleAOffset: shift(activationState), scaleBOffset, outputOffset: at(floats), ...sizes });
  });
  perChannel.dequantizeBy(dequantize(at(layer.state, 4 * GRADIENT_STATE.step), 0), dequantize(at(perChannel.steps), 1));
  const result = context.temporary(`gradient of ${node.name} weights`, 4 * count);
  const intervalGradient = context.temporary(`gradient of ${node.name} weight interval`, 4);
  assembler.step('quantize_weights_backward', {
    weightsOffset: context.parameter(node.weight),
    gradientOffset: at(floats),
    stateOffset: weightState,
    outputOffset: at(result),
    intervalGradientOffset: at(intervalGradient),
    count,
    bits: node.quantization.bits.weight,
  });
  gradients.addParameter(node.weight, at(result), count);
  gradients.addParameter(node.quantization.weightInterval, at(intervalGradient), 1);
}

function shift({ buffer, offset }: Ref): Ref {
  return at(buffer, offset + STEP);
}
