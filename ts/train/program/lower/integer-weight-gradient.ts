/** dW of a quantized layer: exact sums over all pixels of activation code times gradient code. */
import { DyadicError } from '../../../errors.js';
import { at, type StepBuffer } from '../../../session/assembler.js';
import { Container, Dot } from '../../../wasm/params.js';
import type { TrainContext } from './context.js';
import { outPixels, weightCount, type ConvGeometry } from './geometry.js';
import { isUnit3x3, LARGEST_SUM, largestCode, type CodeRange, type Codes } from './integer-convolution.js';

export interface WeightGradient {
  /** i32 [slabs][out_c][in_c/groups][kernel_h][kernel_w]: their sum is the result. */
  readonly sums: StepBuffer;
  readonly slabs: number;
}

export function integerWeightGradient(context: TrainContext, label: string, activations: Codes, gradient: Codes, geometry: ConvGeometry): WeightGradient {
  const { assembler } = context;
  const isWinograd = canUseWinograd(context, activations, gradient, geometry);
  const slabs = slabCount(label, activations, gradient, geometry, isWinograd ? 4 : 1);
  const sums = context.temporary(label, 4 * slabs * weightCount(geometry));
  const fields = {
    inputOffset: at(activations.buffer),
    gradientOffset: at(gradient.buffer),
    outputOffset: at(sums),
    slabs,
    inContainer: activations.container,
    inStride: activations.stride,
    outStride: gradient.stride,
    ...geometry,
  };
  const dot = isWinograd ? null : chooseDot(context, activations);
  if (isWinograd) assembler.step('winograd_weight_gradient', fields);
  else if (dot !== null) assembler.step('conv_weight_gradient_relaxed', { ...fields, dot });
  else assembler.step('conv_weight_gradient', fields);
  return { sums, slabs };
}

function canUseWinograd({ hasVectors }: TrainContext, activations: Codes, gradient: Codes, geometry: ConvGeometry): boolean {
  const fits = activations.container === Container.u8 && activations.bits <= 4 && gradient.bits <= 4;
  return hasVectors && fits && isUnit3x3(geometry) && geometry.inC % 16 === 0 && geometry.outC % 16 === 0;
}

/** The activations are the second operand. */
function chooseDot({ lowering }: TrainContext, activations: Codes): Dot | null {
  if (lowering === 'none') return null;
  if (activations.container === Container.u8 && largestCode(activations) <= 127) return Dot.i7;
  if (activations.container === Container.i8 && activations.bits <= 4) return Dot.w4;
  if (lowering === 'vpdpbusd') return Dot.usdot;
  return lowering === 'sdot' ? Dot.sdot : null;
}

/**
 * So few images go into one sum that `factor` times it fits an i32, whatever the codes are (SPEC 7.1.3).
 * @throws DyadicError ERR_ARGUMENT: one image is too many.
 */
export function slabCount(label: string, activations: CodeRange, gradient: CodeRange, geometry: ConvGeometry, factor: number): number {
  const pixels = outPixels(geometry) / geometry.batch;
  const perPixel = largestCode(activations) * largestCode(gradient) * factor;
  const images = Math.floor(LARGEST_SUM / (pixels * perPixel));
  if (images === 0) {
    throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'input', expected: `at most ${Math.floor(LARGEST_SUM / perPixel)} pixels of output with so many bits: sums have 32 bits`, received: `${pixels}` });
  }
  return Math.ceil(geometry.batch / images);
}
