/**
 * How the learning rate changes: plain descriptions, so that a checkpoint holds them, and one pure function of the step. Every length is in epochs and may be a fraction.
 * Arithmetic is f64 + − · / in the order written here (SPEC 7.5).
 */
import { DyadicError } from '../../errors.js';
import { checkOptionNames } from '../option-names.js';
import { integerPower } from '../optimizer/integer-power.js';
import { cosineOfHalfTurns } from './cosine-of.js';

export type Schedule =
  | { readonly kind: 'constant' }
  /** · factor after every `every` epochs. */
  | { readonly kind: 'step'; readonly every: number; readonly factor: number }
  /** · factor at each of these epochs. */
  | { readonly kind: 'multi_step'; readonly at: readonly number[]; readonly factor: number }
  /** From 1 down to `final` over `epochs` along half a cosine, step by step; `final` from then on. */
  | { readonly kind: 'cosine'; readonly epochs: number; readonly final: number }
  /** From `from` up to what `then` says over `epochs`, in a straight line step by step. `then` counts from the same beginning. */
  | { readonly kind: 'warm_up'; readonly epochs: number; readonly from: number; readonly then: Schedule };

export function constant(): Schedule {
  return { kind: 'constant' };
}

/** Throws ERR_ARGUMENT, as all below. */
export function stepSchedule(options: { readonly every: number; readonly factor?: number }): Schedule {
  return checkSchedule({ kind: 'step', factor: 0.1, ...options }, 'stepSchedule');
}

/** The epochs ascending: `multiStep({ at: [80, 120] })`. */
export function multiStep(options: { readonly at: readonly number[]; readonly factor?: number }): Schedule {
  return checkSchedule({ kind: 'multi_step', factor: 0.1, ...options }, 'multiStep');
}

/** `cosine({ epochs: 30 })` ends at 0. */
export function cosine(options: { readonly epochs: number; readonly final?: number }): Schedule {
  return checkSchedule({ kind: 'cosine', final: 0, ...options }, 'cosine');
}

/** `warmUp({ epochs: 1, then: cosine({ epochs: 30 }) })` */
export function warmUp(options: { readonly epochs: number; readonly from?: number; readonly then?: Schedule }): Schedule {
  return checkSchedule({ kind: 'warm_up', from: 0, then: constant(), ...options }, 'warmUp');
}

/** The factor on the learning rate at a step, which counts from 0. */
export function scheduleFactor(schedule: Schedule, step: number, stepsPerEpoch: number): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'step':
      return integerPower(schedule.factor, Math.floor(step / (schedule.every * stepsPerEpoch)));
    case 'multi_step':
      return integerPower(schedule.factor, schedule.at.filter((epoch) => step >= epoch * stepsPerEpoch).length);
    case 'cosine': {
      const done = step / (schedule.epochs * stepsPerEpoch);
      return done >= 1 ? schedule.final : schedule.final + (1 - schedule.final) * ((1 + cosineOfHalfTurns(done)) / 2);
    }
    case 'warm_up': {
      const factor = scheduleFactor(schedule.then, step, stepsPerEpoch);
      // The first step is already one part of the way: a step at rate 0 would be lost.
      const done = (step + 1) / (schedule.epochs * stepsPerEpoch);
      return done >= 1 ? factor : factor * (schedule.from + (1 - schedule.from) * done);
    }
  }
}

/** Gives `schedule` back. Throws ERR_ARGUMENT naming the field that is out of range. */
export function checkSchedule(schedule: Schedule, op: string): Schedule {
  const refuse = (argument: string, expected: string, received: unknown): DyadicError => new DyadicError('ERR_ARGUMENT', { op, argument, expected, received: String(received) });
  const check = (argument: string, value: unknown, least: number, most: number): void => {
    if (typeof value !== 'number' || !(value >= least && value <= most)) throw refuse(argument, `a number from ${least} to ${most}`, value);
  };
  const fields = FIELDS[schedule?.kind];
  if (fields !== undefined) checkOptionNames(schedule, ['kind', ...fields], op);
  switch (schedule?.kind) {
    case 'constant':
      return schedule;
    case 'step':
      check('every', schedule.every, SHORTEST, LONGEST);
      check('factor', schedule.factor, 0, LARGEST_FACTOR);
      return schedule;
    case 'multi_step':
      if (!Array.isArray(schedule.at)) throw refuse('at', 'an array of epochs', schedule.at);
      schedule.at.forEach((epoch, index) => check(`at[${index}]`, epoch, index === 0 ? 0 : (schedule.at[index - 1] as number), LONGEST));
      check('factor', schedule.factor, 0, LARGEST_FACTOR);
      return schedule;
    case 'cosine':
      check('epochs', schedule.epochs, SHORTEST, LONGEST);
      check('final', schedule.final, 0, LARGEST_FACTOR);
      return schedule;
    case 'warm_up':
      check('epochs', schedule.epochs, SHORTEST, LONGEST);
      check('from', schedule.from, 0, LARGEST_FACTOR);
      checkSchedule(schedule.then, op);
      return schedule;
    default:
      throw refuse('schedule', 'constant(), stepSchedule({…}), multiStep({…}), cosine({…}) or warmUp({…})', schedule);
  }
}

const FIELDS: Readonly<Record<Schedule['kind'], readonly string[]>> = { constant: [], step: ['every', 'factor'], multi_step: ['at', 'factor'], cosine: ['epochs', 'final'], warm_up: ['epochs', 'from', 'then'] };
const SHORTEST = 1e-6;
const LONGEST = 1e6;
const LARGEST_FACTOR = 1e6;
