/** Batch norm, with the residual that is added and the clamp that follows. Reads the exact sums of a quantized layer where it can. */
import { at, floatBits, type Ref, type StepBuffer } from '../../../session/assembler.js';
import type { NormalizeNode } from '../fuse.js';
import { channels, elements, rows, type Backward, type TrainContext } from './context.js';

export function lowerNormalize(context: TrainContext, node: NormalizeNode): Backward {
  const { assembler } = context;
  const { norm, input, residual, output } = node;
  const source = context.source(input);
  const sizes = { inContainer: source.container, inStride: source.stride, rows: rows(input), channels: channels(input) };
  const read = { inputOffset: at(source.buffer), scaleAOffset: source.scaleA, scaleBOffset: source.scaleB };
  const statistics = context.temporary(`${node.name} statistics`, 8 * sizes.channels);
  const epsilonBits = floatBits(norm.epsilon);
  const runningOffset = context.parameter(norm.running);
  if (context.isTraining) {
    assembler.step('batch_norm_statistics', { ...read, statisticsOffset: at(statistics), runningOffset, ...sizes, momentumBits: floatBits(norm.momentum), epsilonBits });
  } else {
    assembler.step('batch_norm_running', { runningOffset, statisticsOffset: at(statistics), channels: sizes.channels, epsilonBits });
  }
  const bounds = { loBits: floatBits(node.lo), hiBits: floatBits(node.hi) };
  const result = context.place(output, node.name);
  assembler.step('batch_norm_apply', {
    ...read,
    statisticsOffset: at(statistics),
    gammaOffset: context.parameter(norm.gamma),
    betaOffset: context.parameter(norm.beta),
    residualOffset: residual === null ? 0 : at(context.floats(residual)),
    outputOffset: at(result),
    ...sizes,
    ...bounds,
  });
  return (gradient) => {
    const common = { gradientOffset: at(gradient), outputOffset: at(result), ...read, statisticsOffset: at(statistics) };
    if (context.gradients.isMasked(output)) lowerBackward(context, node, { ...common, outputOffset: at(gradient) }, { ...sizes, ...NO_BOUNDS }, gradient);
    else lowerBackward(context, node, common, { ...sizes, ...bounds }, null);
  };
}

type Sizes = Record<'inContainer' | 'inStride' | 'rows' | 'channels' | 'loBits' | 'hiBits', number>;
type Common = Record<'gradientOffset' | 'outputOffset' | 'inputOffset' | 'statisticsOffset', Ref> & Record<'scaleAOffset' | 'scaleBOffset', Ref | number>;

/** Kernels do not look at `output` then. */
const NO_BOUNDS = { loBits: floatBits(-Infinity), hiBits: floatBits(Infinity) };

/** @param masked the gradient of the output, if it is that of the residual already. */
function lowerBackward(context: TrainContext, { name, norm, input, residual }: NormalizeNode, common: Common, sizes: Sizes, masked: StepBuffer | null): void {
  const { assembler, gradients } = context;
  const floats = 4 * elements(input);
  const sums = context.temporary(`gradient of ${name} γ and β`, 8 * sizes.channels);
  assembler.step('batch_norm_backward_reduce', { ...common, sumsOffset: at(sums), ...sizes });
  const { layer } = context.source(input);
  const wantsResidual = residual !== null && gradients.isWanted(residual);
  const residualGradient = wantsResidual && masked === null ? context.temporary(`gradient into the shortcut of ${name}`, floats) : null;
  // Nobody else reads a masked gradient that no residual takes: dx goes in its place.
  const inputGradient = residual === null && masked !== null ? masked : context.temporary(`gradient into ${name}`, floats);
  assembler.step('batch_norm_backward_apply', {
    ...common,
    gammaOffset: context.parameter(norm.gamma),
    sumsOffset: at(sums),
    inputGradientOffset: at(inputGradient),
    residualGradientOffset: residualGradient === null ? 0 : at(residualGradient),
    maximumOffset: layer === null ? 0 : layer.takeMaximum(),
    ...sizes,
  });
  gradients.add(input, inputGradient);
  const toResidual = residualGradient ?? masked;
  if (residual !== null && toResidual !== null) gradients.add(residual, toResidual);
  gradients.addParameter(norm.gamma, at(sums), sizes.channels);
  gradients.addParameter(norm.beta, at(sums, 4 * sizes.channels), sizes.channels);
}
