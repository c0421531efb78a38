/** Which convolutions run as exact Winograd F(2,3): 16 products for 2×2 outputs instead of 36. */
import { channelWeights } from '../../integer/accumulator.js';
import type { IntegerValue } from '../../integer/integer-graph.js';
import { isWinogradF23Exact, isWinogradF23ExactForAll } from '../winograd-bound.js';
import type { LowerContext, OperationOf } from './context.js';

/** Vectors of codes that the transform works on. */
const CHANNELS = 16;

/** Whether the layer fits the kernel, its sums provably fit the bound, and tiles of 2×2 outputs save products. */
export function isWinograd(context: LowerContext, operation: OperationOf<'conv2d'>, input: IntegerValue, output: IntegerValue): boolean {
  const weight = context.tensor(operation.weight);
  const [outC = 0, inC = 0, kernelH = 0, kernelW = 0] = weight.shape;
  const isUnit = [...operation.stride, ...operation.dilation, operation.groups].every((one) => one === 1);
  // Without vectors there is no such kernel.
  if (context.engine.flavour === 'scalar' || !isUnit || kernelH !== 3 || kernelW !== 3 || inC % CHANNELS !== 0) return false;
  const [lo, hi] = input.range;
  if (weight.dtype !== 'i4' || lo < 0 || hi > 15 || input.zeroPoint < 0 || input.zeroPoint > 15) return false;
  return savesProducts(output) && isExact(context, operation, input, inC, outC);
}

function isExact(context: LowerContext, { weight, bias, requantization }: OperationOf<'conv2d'>, { range, zeroPoint }: IntegerValue, inC: number, outC: number): boolean {
  const biases = context.bias(bias);
  return isWinogradF23ExactForAll(inC, biases, range, zeroPoint, requantization) || isWinogradF23Exact(channelWeights(context.weights(weight), outC, biases), range, zeroPoint, requantization);
}

function savesProducts({ shape }: IntegerValue): boolean {
  const [, , height = 0, width = 0] = shape;
  return 16 * Math.ceil(height / 2) * Math.ceil(width / 2) < 9 * height * width;
}
