/** The loss of a batch and the gradient it sends back. */
import { DyadicError } from '../../../errors.js';
import { showShape } from '../../../graph/shape.js';
import { at, floatBits, type StepBuffer } from '../../../session/assembler.js';
import type { Value } from '../../tape/node.js';
import type { TrainingOptions } from '../training-program.js';
import { elements, type TrainContext } from './context.js';

export type LossKind = TrainingOptions['loss'];

export interface Loss {
  /** i32 [rows] for cross entropy, f32 [rows][outputs] for the squared error: the host writes them before the step. */
  readonly targets: StepBuffer;
  /** f32 [2]: mean loss, how many are right. */
  readonly result: StepBuffer;
  /** f32, as the output; null in evaluation. */
  readonly gradient: StepBuffer | null;
}

export function lowerLoss(context: TrainContext, output: Value, kind: LossKind, labelSmoothing: number): Loss {
  const { assembler, isTraining } = context;
  if (output.shape.length !== 2) throw new DyadicError('ERR_SHAPE', { op: 'loss', argument: 'output', expected: '[batch, classes]: flatten what the model returns', received: showShape(output.shape) });
  const [rows, classes] = output.shape as [number, number];
  const result = assembler.weights('loss', 8);
  const gradient = isTraining ? context.temporary('gradient of the output', 4 * elements(output)) : null;
  const gradientOffset = gradient === null ? 0 : at(gradient);
  if (kind === 'cross_entropy') {
    const targets = assembler.weights('labels', 4 * rows);
    assembler.step('softmax_cross_entropy', {
      logitsOffset: at(context.floats(output)),
      labelsOffset: at(targets),
      gradientOffset,
      resultOffset: at(result),
      rows,
      classes,
      smoothingBits: floatBits(labelSmoothing),
    });
    return { targets, result, gradient };
  }
  const targets = assembler.weights('targets', 4 * elements(output));
  assembler.step('mean_squared_error', { predictionOffset: at(context.floats(output)), targetOffset: at(targets), gradientOffset, resultOffset: at(result), count: elements(output) });
  return { targets, result, gradient };
}
