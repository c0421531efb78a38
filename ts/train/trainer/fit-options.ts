import { DyadicError } from '../../errors.js';
import { checkOptionNames } from '../option-names.js';
import type { CheckpointOptions, FitOptions } from './training-step.js';

/** Throws ERR_ARGUMENT. */
export function checkFitOptions(options: FitOptions): FitOptions {
  const refuse = (argument: string, expected: string, received: unknown): DyadicError => new DyadicError('ERR_ARGUMENT', { op: 'fit', argument, expected, received: String(received) });
  const checkCount = (argument: string, value: unknown): void => {
    if (!Number.isSafeInteger(value) || (value as number) < 1) throw refuse(argument, 'an integer ≥ 1', value);
  };
  const { epochs, checkpoint, watch } = (options ?? {}) as Partial<FitOptions>;
  checkOptionNames(options, ['epochs', 'signal', 'validation', 'checkpoint', 'watch'] satisfies (keyof FitOptions)[], 'fit');
  checkCount('epochs', epochs);
  if (checkpoint !== undefined) checkOptionNames(checkpoint, ['save', 'everyEpochs', 'everySteps'] satisfies (keyof CheckpointOptions)[], 'fit.checkpoint');
  if (watch !== undefined) checkOptionNames(watch, ['every', 'histogramBins', 'largeFraction'] satisfies (keyof NonNullable<FitOptions['watch']>)[], 'fit.watch');
  if (checkpoint !== undefined) {
    if (typeof checkpoint.save !== 'function') throw refuse('checkpoint.save', 'a function', checkpoint.save);
    if (checkpoint.everyEpochs !== undefined) checkCount('checkpoint.everyEpochs', checkpoint.everyEpochs);
    if (checkpoint.everySteps !== undefined) checkCount('checkpoint.everySteps', checkpoint.everySteps);
  }
  if (watch?.every !== undefined) checkCount('watch.every', watch.every);
  if (watch?.histogramBins !== undefined) checkCount('watch.histogramBins', watch.histogramBins);
  if (watch?.largeFraction !== undefined && !(watch.largeFraction > 0 && watch.largeFraction < 1)) throw refuse('watch.largeFraction', 'a number in (0, 1)', watch.largeFraction);
  return options;
}
