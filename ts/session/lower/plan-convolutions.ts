/** Chooses the algorithms of all convolutions of a network at once: what one layer's packed weights do not need, another's may take. */
import { elementCount } from '../../graph/shape.js';
import type { IntegerValue } from '../../integer/integer-graph.js';
import { chooseConvolutions, isWinogradF43, type ConvolutionAlgorithm, type ConvolutionCandidates } from '../convolution-algorithm.js';
import { geometryOf, type Linear } from './choose-direct.js';
import { isWinograd } from './choose-winograd.js';
import { compactBytes } from './compact.js';
import type { LowerContext, OperationOf } from './context.js';
import { directBytes, panelBytes, winogradBytes } from './packed-bytes.js';

export type Conv2d = OperationOf<'conv2d'>;

/** What `balanced` promises: the resident bytes of all packed weights, biases and multipliers, over the int8 weights'. */
const MOST_BYTES_PER_WEIGHT = 2;

/** An algorithm for every convolution with one group; the others have one kernel each. */
export function planConvolutions(context: LowerContext): ReadonlyMap<Conv2d, ConvolutionAlgorithm> {
  const linears = context.graph.operations.filter((operation): operation is Linear => operation.op === 'conv2d' || operation.op === 'dense');
  const convolutions = linears.filter((operation): operation is Conv2d => operation.op === 'conv2d' && operation.groups === 1);
  const weights = linears.reduce((sum, { weight }) => sum + elementCount(context.tensor(weight).shape), 0);
  const direct = linears.reduce((sum, operation) => sum + directBytes(context, operation), 0);
  const room = MOST_BYTES_PER_WEIGHT * weights - direct;
  const chosen = chooseConvolutions(convolutions.map((operation) => candidates(context, operation)), room, context.costs, context.options);
  return new Map(convolutions.map((operation, i) => [operation, chosen[i] as ConvolutionAlgorithm]));
}

function candidates(context: LowerContext, operation: Conv2d): ConvolutionCandidates {
  const input = context.graph.values[operation.inputs[0] as number] as IntegerValue;
  const output = context.graph.values[operation.outputs[0] as number] as IntegerValue;
  const weight = context.tensor(operation.weight);
  const geometry = geometryOf(operation, input, output, weight);
  const { inC, outC } = geometry;
  return {
    geometry,
    direct: context.direct(operation).kind,
    bytes: (algorithm) => (algorithm === 'direct' ? panelBytes(context, operation) : winogradBytes(context.engine, algorithm, inC, outC)),
    compactBytes: weight.dtype === 'i4' ? compactBytes(weight) : 0,
    isExact: (algorithm) => (algorithm === 'winograd_f23' ? isWinograd(context, operation, input, output) : isWinogradF43(geometry)),
  };
}
