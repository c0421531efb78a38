/** What a run is, apart from its model and its data: plain values, so that a checkpoint holds them. */
import { DyadicError } from '../../errors.js';
import { checkAugmentation, type Augmentation } from '../data/augment.js';
import type { Normalization } from '../data/dataset.js';
import { checkNormalization } from '../data/normalization.js';
import { checkOptimizer, PAPER_OPTIMIZERS, type Optimizer, type OptimizerGroups } from '../optimizer/optimizer.js';
import { checkFlag, checkOptionNames } from '../option-names.js';
import type { Seed } from '../random/random-stream.js';
import { checkSchedule, constant, type Schedule } from '../schedule/schedule.js';
import { checkLoss, crossEntropy, type Loss } from './loss.js';

/** The same for both groups, or one each. */
export interface ScheduleGroups {
  readonly weights: Schedule;
  readonly intervals: Schedule;
}

export interface RunSettings {
  /** 64 bits, low and high half. */
  readonly seed: Seed;
  readonly batch: number;
  readonly dropLast: boolean;
  readonly loss: Loss;
  readonly optimizer: OptimizerGroups;
  readonly schedule: ScheduleGroups;
  readonly augment: Augmentation;
  /** null until the first pictures come: then what they say. */
  readonly normalization: Normalization | null;
}

/** What a caller may leave out. */
export interface SettingsOptions {
  /** crossEntropy(), if not given. */
  readonly loss?: Loss;
  /** Of the weights, or of both groups. By default those of the LBT paper: SGD 0.1 with momentum 0.9 and weight decay 1e-4; Adam 1e-5 for the intervals. */
  readonly optimizer?: Optimizer | Partial<OptimizerGroups>;
  /** One for both groups, or one each. constant(), if not given. */
  readonly schedule?: Schedule | Partial<ScheduleGroups>;
  /** Samples per step: 128, if not given. */
  readonly batch?: number;
  /** An integer from 0 to 2^53 − 1, or 64 bits as two u32: 0, if not given. */
  readonly seed?: number | Seed;
  /** Leaves out the last batch of an epoch if it is not full: true, if not given. */
  readonly dropLast?: boolean;
  readonly augment?: Augmentation;
  /** Of pictures in bytes: measured on the training data, if not given. */
  readonly normalization?: Normalization;
}

const MAX_BATCH = 65_536;

/** Of SettingsOptions. */
export const SETTINGS: readonly (keyof SettingsOptions)[] = ['loss', 'optimizer', 'schedule', 'batch', 'seed', 'dropLast', 'augment', 'normalization'];

/** With everything filled in and checked. Throws ERR_ARGUMENT. */
export function readSettings(options: SettingsOptions, op: string): RunSettings {
  checkOptionNames(options, SETTINGS, op);
  const { loss = crossEntropy(), optimizer = {}, schedule = {}, batch = 128, seed = 0, dropLast = true, augment = {}, normalization } = options;
  if (!Number.isInteger(batch) || batch < 1 || batch > MAX_BATCH) throw refuse(op, 'batch', `an integer from 1 to ${MAX_BATCH}`, batch);
  checkFlag(dropLast, op, 'dropLast');
  return {
    seed: readSeed(seed, op),
    batch,
    dropLast,
    loss: checkLoss(loss, op),
    optimizer: readOptimizers(optimizer, PAPER_OPTIMIZERS, op),
    schedule: readSchedules(schedule, { weights: constant(), intervals: constant() }, op),
    augment: checkAugmentation(augment, op),
    normalization: normalization === undefined ? null : checkNormalization(normalization, op),
  };
}

/** Throws ERR_ARGUMENT. */
export function readOptimizers(optimizer: Optimizer | Partial<OptimizerGroups>, otherwise: OptimizerGroups, op: string): OptimizerGroups {
  if (typeof optimizer !== 'object' || optimizer === null) throw refuse(op, 'optimizer', 'sgd({…}), adam({…}) or { weights, intervals }', optimizer);
  const { weights, intervals } = 'kind' in optimizer ? { weights: optimizer, intervals: undefined } : optimizer;
  return { weights: checkOptimizer(weights ?? otherwise.weights, op), intervals: checkOptimizer(intervals ?? otherwise.intervals, op) };
}

/** Throws ERR_ARGUMENT. */
export function readSchedules(schedule: Schedule | Partial<ScheduleGroups>, otherwise: ScheduleGroups, op: string): ScheduleGroups {
  if (typeof schedule !== 'object' || schedule === null) throw refuse(op, 'schedule', 'a schedule or { weights, intervals }', schedule);
  const { weights, intervals } = 'kind' in schedule ? { weights: schedule, intervals: schedule } : schedule;
  return { weights: checkSchedule(weights ?? otherwise.weights, op), intervals: checkSchedule(intervals ?? otherwise.intervals, op) };
}

function readSeed(seed: number | Seed, op: string): Seed {
  if (typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0) return [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  const isHalf = (half: unknown): boolean => Number.isInteger(half) && (half as number) >= 0 && (half as number) < 2 ** 32;
  if (Array.isArray(seed) && seed.length === 2 && seed.every(isHalf)) return [seed[0] as number, seed[1] as number];
  throw refuse(op, 'seed', 'an integer from 0 to 2^53 − 1, or two from 0 to 2^32 − 1', seed);
}

function refuse(op: string, argument: string, expected: string, received: unknown): DyadicError {
  return new DyadicError('ERR_ARGUMENT', { op, argument, expected, received: String(received) });
}
