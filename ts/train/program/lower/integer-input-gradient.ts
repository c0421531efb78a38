/** dX of a quantized layer: the forward kernels on the gradient's codes, with weight codes flipped and their channels exchanged. */
import { DyadicError } from '../../../errors.js';
import { rowMajorStrides } from '../../../graph/shape.js';
import { at, type StepBuffer } from '../../../session/assembler.js';
import { stridedCopy } from '../../../session/strided-copy.js';
import type { TrainContext } from './context.js';
import { transposedGeometry, weightCount, type ConvGeometry } from './geometry.js';
import { integerConvolution, type Codes, type ExactSums } from './integer-convolution.js';
import { hasPhases, stridedInputGradient } from './strided-input-gradient.js';

export interface WeightCodes {
  readonly weights: StepBuffer;
  readonly bits: number;
}

/** [in pixels][in_c] */
export function integerInputGradient(context: TrainContext, name: string, gradient: Codes, { weights, bits }: WeightCodes, forward: ConvGeometry): ExactSums {
  if (hasPhases(forward)) return stridedInputGradient(context, name, gradient, { weights, bits }, forward);
  const spread = spreadPixels(context, name, gradient, forward);
  const { padTop, padLeft, ...rest } = transposedGeometry(forward);
  if (padTop < 0 || padLeft < 0) {
    throw new DyadicError('ERR_ARGUMENT', { op: `conv2d "${name}"`, argument: 'padding', expected: 'at most dilation · (kernel − 1) where a layer has bits', received: `${forward.padTop} and ${forward.padLeft}` });
  }
  const geometry = { ...rest, padTop, padLeft, inH: spread.height, inW: spread.width };
  return integerConvolution(context, { label: `${name} input gradient sums`, input: spread.codes, weights: transposeWeights(context, name, weights, forward), weightBits: bits, geometry });
}

/** `stride` − 1 zeros between pixels. */
function spreadPixels(context: TrainContext, name: string, codes: Codes, { batch, outH, outW, strideH, strideW }: ConvGeometry): { readonly codes: Codes; readonly height: number; readonly width: number } {
  if (strideH === 1 && strideW === 1) return { codes, height: outH, width: outW };
  const [height, width] = [(outH - 1) * strideH + 1, (outW - 1) * strideW + 1];
  // A pixel is a whole number of words.
  const words = codes.stride / 4;
  const buffer = context.temporary(`${name} gradient codes, spread`, batch * height * width * codes.stride);
  context.assembler.step('fill', { outputOffset: at(buffer), count: batch * height * width * words, elementBytes: 4, value: 0 });
  const axes = [batch, outH, outW, words];
  const apart = [height * width * words, strideH * width * words, strideW * words, 1];
  stridedCopy(context.assembler, axes, 4, { buffer: codes.buffer, bytes: codes.buffer.bytes, start: 0, strides: rowMajorStrides(axes) }, { buffer, bytes: buffer.bytes, start: 0, strides: apart });
  return { codes: { ...codes, buffer }, height, width };
}

/** [groups·out][in][kh][kw] to [groups·in][out][kh][kw], flipped in both axes. */
function transposeWeights(context: TrainContext, name: string, weights: StepBuffer, geometry: ConvGeometry): StepBuffer {
  const { groups, kernelH, kernelW } = geometry;
  const [outputs, inputs, taps] = [geometry.outC / groups, geometry.inC / groups, kernelH * kernelW];
  const result = context.temporary(`${name} weight codes, transposed`, weightCount(geometry));
  const axes = [groups, inputs, outputs, taps];
  const from = [outputs * inputs * taps, taps, inputs * taps, -1];
  stridedCopy(context.assembler, axes, 1, { buffer: weights, bytes: result.bytes, start: taps - 1, strides: from }, { buffer: result, bytes: result.bytes, start: 0, strides: rowMajorStrides(axes) });
  return result;
}
