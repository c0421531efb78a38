/** From the gradient of a quantized layer's output to its codes, with the host's decision between. */
import { at, type Assembler, type StepBuffer } from '../../../session/assembler.js';
import { channelStride } from '../../../session/layout.js';
import { Container } from '../../../wasm/params.js';
import { GRADIENT_STATE, GradientLayer, MAX_BINS, type GradientProbes } from '../gradient-layer.js';
import type { Stretch } from '../schedule.js';
import { request } from '../step-run.js';
import { channels, elements, type TrainContext } from './context.js';
import { outPixels, type ConvGeometry } from './geometry.js';
import type { Codes } from './integer-convolution.js';
import type { QuantizedNode } from './layer-quantized.js';

/** The layers in the order of the tape: the place of each addresses its noise. */
export function makeGradientLayer(context: TrainContext, { name, output, quantization }: QuantizedNode): GradientLayer {
  const { assembler, layers } = context;
  const layer = new GradientLayer({
    name,
    index: layers.length,
    bits: quantization.bits.gradient,
    count: elements(output),
    channels: channels(output),
    state: assembler.weights(`${name} gradient state`, 4 * GRADIENT_STATE.length),
    learningRateScale: assembler.weights(`${name} learning rate scale`, 4),
    channelClips: assembler.weights(`${name} channel clips`, 4 * channels(output)),
  });
  layers.push(layer);
  return layer;
}

/** Codes of the whole gradient with one clip: what flows to the input. */
export function quantizeGradient(context: TrainContext, layer: GradientLayer, gradient: StepBuffer, geometry: ConvGeometry): Codes {
  const { assembler, schedule } = context;
  const stride = channelStride(layer.channels);
  const codes: Codes = { buffer: context.temporary(`${layer.name} gradient codes`, outPixels(geometry) * stride), container: Container.i8, stride, bits: layer.bits };
  if (!layer.hasMaximum) assembler.step('gradient_maximum', { gradientOffset: at(gradient), stateOffset: at(layer.state), count: layer.count });
  const histogram = histogramProbe(context, layer, gradient);
  const channelProbe = channelsProbe(context, layer, gradient);
  // The error's kernel comes after the codes are made, so its place in the table does too.
  const decided: { probes?: GradientProbes } = {};
  schedule.host((run) => void run.decisions.decide(run, layer, decided.probes as GradientProbes));
  quantizeStep(context, layer, gradient, codes, null);
  const probes: GradientProbes = { histogram, channels: channelProbe, error: errorProbe(context, layer, gradient, codes) };
  decided.probes = probes;
  schedule.host((run) => run.decisions.measureError(run, layer, probes));
  return codes;
}

export interface PerChannelCodes {
  /** f32 [channels]: what a code of each channel is worth. */
  readonly steps: StepBuffer;
  /** Which of two stretches makes floats of the weight gradient's sums: that with one step, or that with one per channel. */
  dequantizeBy(whole: Stretch, perChannel: Stretch): void;
}

/** Where the method gave clips per channel: codes of the gradient once more, for the weights, over those of {@link quantizeGradient}. */
export function quantizeGradientPerChannel(context: TrainContext, layer: GradientLayer, gradient: StepBuffer, codes: Codes): PerChannelCodes {
  const steps = context.assembler.weights(`${layer.name} channel steps`, 4 * layer.channels);
  const again = context.schedule.onRequest(() => quantizeStep(context, layer, gradient, codes, steps));
  context.schedule.host((run) => {
    if (run.decisions.isPerChannel(layer)) request(run, again);
  });
  return {
    steps,
    dequantizeBy: (whole, perChannel) => context.schedule.host((run) => request(run, run.decisions.isPerChannel(layer) ? perChannel : whole)),
  };
}

function quantizeStep(context: TrainContext, layer: GradientLayer, gradient: StepBuffer, codes: Codes, channelSteps: StepBuffer | null): void {
  context.assembler.step('quantize_gradient', {
    gradientOffset: at(gradient),
    stateOffset: at(layer.state),
    randomOffset: at(context.random),
    channelClipsOffset: channelSteps === null ? 0 : at(layer.channelClips),
    codesOffset: at(codes.buffer),
    channelStepsOffset: channelSteps === null ? 0 : at(channelSteps),
    rows: layer.count / layer.channels,
    channels: layer.channels,
    outStride: codes.stride,
    bits: layer.bits,
    layer: layer.index,
  });
}

function histogramProbe({ assembler, schedule }: TrainContext, layer: GradientLayer, gradient: StepBuffer): GradientProbes['histogram'] {
  const output = assembler.activation(`${layer.name} histogram`, 4 * MAX_BINS);
  const stretch = schedule.onRequest(() =>
    assembler.step('gradient_histogram', { gradientOffset: at(gradient), stateOffset: at(layer.state), outputOffset: at(output), count: layer.count, bins: MAX_BINS }),
  );
  return { stretch, output };
}

function channelsProbe({ assembler, schedule }: TrainContext, layer: GradientLayer, gradient: StepBuffer): GradientProbes['channels'] {
  const output = assembler.activation(`${layer.name} channel statistics`, 12 * layer.channels);
  const stretch = schedule.onRequest(() =>
    assembler.step('gradient_channels', { gradientOffset: at(gradient), outputOffset: at(output), rows: layer.count / layer.channels, channels: layer.channels }),
  );
  return { stretch, output };
}

function errorProbe({ assembler, schedule }: TrainContext, layer: GradientLayer, gradient: StepBuffer, codes: Codes): GradientProbes['error'] {
  const output = assembler.activation(`${layer.name} gradient error`, 24);
  const threshold = thresholdOf(assembler, layer);
  const stretch = schedule.onRequest(() =>
    assembler.step('gradient_error', {
      gradientOffset: at(gradient),
      codesOffset: at(codes.buffer),
      stateOffset: at(layer.state),
      thresholdOffset: at(threshold),
      outputOffset: at(output),
      rows: layer.count / layer.channels,
      channels: layer.channels,
      codesStride: codes.stride,
    }),
  );
  return { stretch, output, threshold };
}

function thresholdOf(assembler: Assembler, layer: GradientLayer): StepBuffer {
  return assembler.weights(`${layer.name} large gradients begin`, 4);
}
