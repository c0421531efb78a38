/** dW of a quantized layer: exact sums over all pixels of activation code times gradient code. */
import { at, type StepBuffer } from '../../../session/assembler.js';
import { Container, Dot } from '../../../wasm/params.js';
import type { TrainContext } from './context.js';
import { outPixels, weightCount, type ConvGeometry } from './geometry.js';
import { isUnit3x3, largestCode, type Codes } from './integer-convolution.js';

export interface WeightGradient {
  /** i32 [slabs][out_c][in_c/groups][kernel_h][kernel_w]: their sum is the result. */
  readonly sums: StepBuffer;
  readonly slabs: number;
}

export function integerWeightGradient(context: TrainContext, label: string, activations: Codes, gradient: Codes, geometry: ConvGeometry): WeightGradient {
  const { assembler } = context;
  const isWinograd = canUseWinograd(context, activations, gradient, geometry);
  const slabs = slabCount(activations, gradient, geometry, isWinograd ? 4 : 1);
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

function canUseWinograd({ lowering }: TrainContext, activations: Codes, gradient: Codes, geometry: ConvGeometry): boolean {
  const fits = activations.container === Container.u8 && activations.bits <= 4 && gradient.bits <= 4;
  return lowering !== 'none' && fits && isUnit3x3(geometry) && geometry.inC % 16 === 0 && geometry.outC % 16 === 0;
}

/** The activations are the second operand. */
function chooseDot({ lowering }: TrainContext, activations: Codes): Dot | null {
  if (lowering === 'none') return null;
  if (activations.container === Container.u8 && largestCode(activations) <= 127) return Dot.i7;
  if (activations.container === Container.i8 && activations.bits <= 4) return Dot.w4;
  if (lowering === 'vpdpbusd') return Dot.usdot;
  return lowering === 'sdot' ? Dot.sdot : null;
}

/** So few images go into one sum that `factor` times it fits an i32, whatever the codes are. */
function slabCount(activations: Codes, gradient: Codes, geometry: ConvGeometry, factor: number): number {
  const perImage = (outPixels(geometry) / geometry.batch) * largestCode(activations) * largestCode(gradient) * factor;
  const images = Math.max(1, Math.floor((2 ** 31 - 1) / perImage));
  return Math.ceil(geometry.batch / images);
}
