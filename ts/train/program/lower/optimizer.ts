/** The steps that move the parameters. */
import { at, type StepBuffer } from '../../../session/assembler.js';
import type { ParameterGradient } from '../gradients.js';
import type { ParameterSlot } from '../model-state.js';
import type { TrainContext } from './context.js';

/** Numbers that an optimizer's kernel reads. */
export const HYPER_COUNT = 8;

/** f32 [8] each: the host writes them before the step. */
export interface HyperBuffers {
  readonly weights: StepBuffer;
  readonly intervals: StepBuffer;
}

/** `scale`: f32 [1], a factor on this parameter's learning rate; null: 1. */
export function lowerOptimizer({ assembler }: TrainContext, { parameter, optimizer, values, moments }: ParameterSlot, gradient: ParameterGradient, hyper: HyperBuffers, scale: StepBuffer | null): void {
  if (parameter.group === 'none' || optimizer === null) return;
  const fields = { gradientOffset: gradient.at, hyperOffset: at(hyper[parameter.group]), scaleOffset: scale === null ? 0 : at(scale), parameterOffset: at(values), count: gradient.count };
  const [first, second] = moments.map(({ buffer }) => at(buffer));
  if (optimizer === 'sgd') {
    assembler.step('sgd', { ...fields, velocityOffset: first ?? 0 });
  } else {
    assembler.step('adam', { ...fields, firstMomentOffset: first ?? 0, secondMomentOffset: second ?? 0 });
  }
}
