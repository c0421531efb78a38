/**
 * dX of a layer with strides, by phases: pixels of the input that are the stride apart see the same taps of the kernel, so the rows of each phase are a convolution of stride 1,
 * without the products with zeros that a gradient with spread pixels would have. The phases of a row are the output channels of one pixel, so that rows come out whole.
 */
import { rowMajorStrides } from '../../../graph/shape.js';
import { at, type StepBuffer } from '../../../session/assembler.js';
import { stridedCopy } from '../../../session/strided-copy.js';
import type { TrainContext } from './context.js';
import { inPixels, type ConvGeometry } from './geometry.js';
import { checkSums, containerOf, integerConvolution, SUM_BYTES, type Codes, type ExactSums, type IntegerConvolution } from './integer-convolution.js';
import type { WeightCodes } from './integer-input-gradient.js';

/** Pixels of the input along one axis that lie `phase` behind a multiple of the stride. */
interface Phase {
  /** The first tap of the kernel that they see; every stride-th follows. */
  readonly tap: number;
  readonly taps: number;
  /** The pixels of the gradient that they see, counted from the one at their own place. */
  readonly first: number;
  readonly last: number;
}

export function phasesOf(kernel: number, stride: number, pad: number): readonly Phase[] {
  return Array.from({ length: stride }, (_, phase) => {
    const tap = (phase + pad) % stride;
    const taps = Math.ceil((kernel - tap) / stride);
    const last = Math.floor((phase + pad) / stride);
    return { tap, taps, first: last - taps + 1, last };
  });
}

/** Whether every phase has as many pixels as the others, a tap, and none that a convolution with padding before the picture cannot start from. */
export function hasPhases({ inH, inW, kernelH, kernelW, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups }: ConvGeometry): boolean {
  const isPlain = groups === 1 && dilationH === 1 && dilationW === 1 && strideH * strideW > 1;
  const isWhole = inH % strideH === 0 && inW % strideW === 0 && kernelH >= strideH && kernelW >= strideW;
  return isPlain && isWhole && [...phasesOf(kernelH, strideH, padTop), ...phasesOf(kernelW, strideW, padLeft)].every(({ first }) => first <= 0);
}

/** [in pixels][in_c] of a layer that {@link hasPhases}. */
export function stridedInputGradient(context: TrainContext, name: string, gradient: Codes, weights: WeightCodes, forward: ConvGeometry): ExactSums {
  const { batch, inH, inW, inC, kernelH, strideH, padTop } = forward;
  const convolutions = phasesOf(kernelH, strideH, padTop).map((rows) => convolutionOf(context, name, gradient, weights, forward, rows));
  const container = containerOf(Math.max(...convolutions.map(checkSums)));
  const result = context.temporary(`${name} input gradient sums`, SUM_BYTES[container] * inPixels(forward) * inC);
  const row = inW * inC;
  const axes = [batch, inH / strideH, row];
  convolutions.forEach((convolution, phase) => {
    const { buffer } = integerConvolution(context, convolution, container);
    const from = { buffer, bytes: buffer.bytes, start: 0, strides: rowMajorStrides(axes) };
    stridedCopy(context.assembler, axes, SUM_BYTES[container], from, { buffer: result, bytes: result.bytes, start: phase * row, strides: [inH * row, strideH * row, 1] });
  });
  return { buffer: result, container };
}

/** The rows of one phase: all pixels of a row that have the same place in the gradient are channels of one output. */
function convolutionOf(context: TrainContext, name: string, input: Codes, weights: WeightCodes, forward: ConvGeometry, rows: Phase): IntegerConvolution {
  const { inH, inW, inC, outH, outW, outC, kernelW, strideH, strideW, padLeft } = forward;
  const columns = phasesOf(kernelW, strideW, padLeft);
  const first = Math.min(...columns.map((phase) => phase.first));
  const width = Math.max(...columns.map(({ last }) => last)) - first + 1;
  const geometry: ConvGeometry = {
    ...forward,
    inH: outH,
    inW: outW,
    inC: outC,
    outH: inH / strideH,
    outW: inW / strideW,
    outC: strideW * inC,
    kernelH: rows.taps,
    kernelW: width,
    strideH: 1,
    strideW: 1,
    padTop: -rows.first,
    padLeft: -first,
  };
  const panel = selectTaps(context, name, weights.weights, forward, rows, columns, first, width);
  return { label: `${name} input gradient sums of rows from ${rows.tap}`, input, weights: panel, weightBits: weights.bits, geometry };
}

/** [out][in][kh][kw] to [phase of a row][in][out][taps][width]: of every phase its taps, last first, where it sees them from `first` on; zeros where it sees none. */
function selectTaps(context: TrainContext, name: string, weights: StepBuffer, forward: ConvGeometry, rows: Phase, columns: readonly Phase[], first: number, width: number): StepBuffer {
  const { inC, outC, kernelH, kernelW, strideH, strideW } = forward;
  const filter = outC * rows.taps * width;
  const result = context.temporary(`${name} weight codes of rows from ${rows.tap}`, columns.length * inC * filter);
  if (columns.some(({ taps }) => taps < width)) context.assembler.step('fill', { outputOffset: at(result), count: result.bytes, elementBytes: 1, value: 0 });
  columns.forEach((column, phase) => {
    const lastTap = (rows.tap + strideH * (rows.taps - 1)) * kernelW + column.tap + strideW * (column.taps - 1);
    const from = { buffer: weights, bytes: weights.bytes, start: lastTap, strides: [kernelH * kernelW, inC * kernelH * kernelW, -strideH * kernelW, -strideW] };
    const to = { buffer: result, bytes: result.bytes, start: phase * inC * filter + column.first - first, strides: [filter, rows.taps * width, width, 1] };
    stridedCopy(context.assembler, [inC, outC, rows.taps, column.taps], 1, from, to);
  });
  return result;
}
