/** SPEC 3.4. */
import { at } from '../assembler.js';
import { formFields, type LowerContext, type OperationOf } from './context.js';

export function lowerMaxPool(context: LowerContext, operation: OperationOf<'max_pool'>): void {
  const input = context.input(operation);
  const output = context.output(operation);
  const [, channels, inH, inW] = input.info.shape as [number, number, number, number];
  const [lo, hi] = operation.clamp;
  context.assembler.step('max_pool', {
    inputOffset: at(input.buffer),
    outputOffset: at(output.buffer),
    container: input.container,
    inH,
    inW,
    channels,
    channelStride: input.layout.strides[3] as number,
    outH: operation.outputSize[0],
    outW: operation.outputSize[1],
    kernelH: operation.kernel[0],
    kernelW: operation.kernel[1],
    strideH: operation.stride[0],
    strideW: operation.stride[1],
    padTop: operation.pads[0],
    padLeft: operation.pads[1],
    dilationH: operation.dilation[0],
    dilationW: operation.dilation[1],
    lo,
    hi,
  });
}

export function lowerAveragePool(context: LowerContext, operation: OperationOf<'average_pool'>): void {
  const { assembler } = context;
  const input = context.input(operation);
  const output = context.output(operation);
  const [, channels, inH, inW] = input.info.shape as [number, number, number, number];
  const [padTop, padLeft, padBottom, padRight] = operation.pads;
  const [lo, hi] = operation.clamp;
  // One multiplier per divisor (SPEC 2.5); a copy reads none.
  const multipliers = context.multipliers(operation.requantization);
  assembler.step('average_pool', {
    inputOffset: at(input.buffer),
    divisorsOffset: at(assembler.constant(`${operation.name} divisors`, Int32Array.from(operation.divisors))),
    multiplierOffset: at(assembler.constant(`${operation.name} multipliers`, multipliers)),
    outputOffset: at(output.buffer),
    divisorCount: operation.divisors.length,
    inContainer: input.container,
    inZeroPoint: input.info.zeroPoint,
    inH,
    inW,
    channels,
    inStride: input.layout.strides[3] as number,
    outContainer: output.container,
    outH: operation.outputSize[0],
    outW: operation.outputSize[1],
    outStride: output.layout.strides[3] as number,
    kernelH: operation.kernel[0],
    kernelW: operation.kernel[1],
    strideH: operation.stride[0],
    strideW: operation.stride[1],
    padTop,
    padLeft,
    padBottom,
    padRight,
    countIncludePad: operation.countIncludePad ? 1 : 0,
    ...formFields(operation.requantization),
    outZeroPoint: output.info.zeroPoint,
    lo,
    hi,
  });
}
