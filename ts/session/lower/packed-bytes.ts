/** How many bytes the weights of a layer take once packed, by algorithm. */
import { elementCount } from '../../graph/shape.js';
import type { Engine } from '../../wasm/engine.js';
import type { ConvolutionAlgorithm } from '../convolution-algorithm.js';
import type { Linear } from './choose-direct.js';
import type { LowerContext } from './context.js';

/** Panels of a convolution without groups, or of a dense layer (kernel 1 × 1), for the dot product that suits its operands. */
export function panelBytes(context: LowerContext, operation: Linear): number {
  const { engine } = context;
  const [outC = 1, inC = 1, kernelH = 1, kernelW = 1] = context.tensor(operation.weight).shape;
  switch (context.direct(operation).kind) {
    case 'direct_bytes': return engine.packedConv2dRelaxedBytes(inC, outC, kernelH, kernelW);
    case 'direct_paired': return engine.packedConv2dPairedBytes(inC, outC, kernelH, kernelW);
    case 'direct_i16': return engine.packedConv2dBytes(inC, outC, kernelH, kernelW);
  }
}

export function winogradBytes(engine: Engine, algorithm: Exclude<ConvolutionAlgorithm, 'direct'>, inC: number, outC: number): number {
  return algorithm === 'winograd_f23' ? engine.packedWinogradF23Bytes(inC, outC) : engine.packedWinogradF43Bytes(inC, outC);
}

/** A layer's weights run direct, with the bias and the multiplier of every channel. */
export function directBytes(context: LowerContext, operation: Linear): number {
  const { engine } = context;
  const weight = context.tensor(operation.weight);
  const [outC = 1, inC = 1, kernelH = 1, kernelW = 1] = weight.shape;
  const perChannel = 8 * engine.packedChannels(outC);
  if (operation.op === 'dense' || operation.groups === 1) return panelBytes(context, operation) + perChannel;
  const isDepthwise = operation.groups === outC && inC === 1;
  return (isDepthwise ? engine.packedDepthwiseBytes(outC, kernelH, kernelW) : elementCount(weight.shape)) + perChannel;
}
