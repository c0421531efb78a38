/**
 * Optimizers as plain descriptions, one per parameter group: a checkpoint holds them as they are, kernels get their numbers of one step (`Sgd` and `Adam` in
 * crates/training/src/params.rs). The arithmetic of a step is PyTorch's (SPEC 7.5).
 */
import { DyadicError } from '../../errors.js';
import type { GroupHyper } from '../program/training-program.js';
import { integerPower } from './integer-power.js';

export interface Sgd {
  readonly kind: 'sgd';
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

export interface Adam {
  readonly kind: 'adam';
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export type Optimizer = Sgd | Adam;

/** LBT moves the quantizers' intervals by an optimizer of their own. */
export interface OptimizerGroups {
  readonly weights: Optimizer;
  readonly intervals: Optimizer;
}

/** Beyond them the numbers mean nothing, or f32 cannot hold them. */
const LARGEST = 1e6;
const SGD_RANGES = { learningRate: [0, LARGEST], momentum: [0, 1], dampening: [0, 1], weightDecay: [0, LARGEST] } as const;
/** β = 1 would divide by 1 − β^t = 0; so would one that f32 rounds to 1. ε at least the smallest normal f32. */
const ADAM_RANGES = { learningRate: [0, LARGEST], beta1: [0, 0.999999], beta2: [0, 0.999999], epsilon: [1.2e-38, 1], weightDecay: [0, LARGEST] } as const;

/** SGD as PyTorch's; by default without momentum and weight decay. Throws ERR_ARGUMENT for a number out of range. */
export function sgd(options: { readonly learningRate: number } & Partial<Omit<Sgd, 'kind'>>): Sgd {
  return checkOptimizer({ kind: 'sgd', momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, ...options }, 'sgd') as Sgd;
}

/** Adam as PyTorch's: weight decay is added to the gradient. Throws ERR_ARGUMENT for a number out of range. */
export function adam(options: { readonly learningRate: number } & Partial<Omit<Adam, 'kind'>>): Adam {
  return checkOptimizer({ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, ...options }, 'adam') as Adam;
}

/** Those of the LBT paper (research/seeds-training §1.6). */
export const PAPER_OPTIMIZERS: OptimizerGroups = {
  weights: sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 }),
  intervals: adam({ learningRate: 1e-5 }),
};

/** The eight numbers of the kernel. `updates`: how many steps have moved the parameters before this one; `factor`: that of the schedule. */
export function hyperOf(optimizer: Optimizer, updates: number, factor: number): GroupHyper {
  const learningRate = optimizer.learningRate * factor;
  if (optimizer.kind === 'sgd') {
    const { momentum, dampening, weightDecay, nesterov } = optimizer;
    return { kind: 'sgd', values: [learningRate, momentum, dampening, weightDecay, Number(nesterov), Number(updates === 0), 0, 0] };
  }
  const { beta1, beta2, epsilon, weightDecay } = optimizer;
  const correction = (beta: number): number => 1 - integerPower(beta, updates + 1);
  return { kind: 'adam', values: [learningRate, beta1, beta2, epsilon, weightDecay, correction(beta1), correction(beta2), 0] };
}

/** Gives `optimizer` back. Throws ERR_ARGUMENT naming the field that is out of range. */
export function checkOptimizer(optimizer: Optimizer, op: string): Optimizer {
  const refuse = (argument: string, expected: string, received: unknown): DyadicError => new DyadicError('ERR_ARGUMENT', { op, argument, expected, received: String(received) });
  if (typeof optimizer !== 'object' || optimizer === null || (optimizer.kind !== 'sgd' && optimizer.kind !== 'adam')) throw refuse('optimizer', 'sgd({…}) or adam({…})', optimizer);
  const known: Readonly<Record<string, readonly [number, number]>> = optimizer.kind === 'sgd' ? SGD_RANGES : ADAM_RANGES;
  const missing = Object.keys(known).find((name) => !(name in optimizer));
  if (missing !== undefined) throw refuse(missing, `a number from ${known[missing]![0]} to ${known[missing]![1]}`, undefined);
  for (const [name, value] of Object.entries(optimizer)) {
    if (name === 'kind') continue;
    if (name === 'nesterov' && optimizer.kind === 'sgd') {
      if (typeof value !== 'boolean') throw refuse(name, 'true or false', value);
      continue;
    }
    const range = known[name];
    if (range === undefined) throw refuse(name, `one of ${Object.keys(known).join(', ')}`, 'a name that the optimizer does not have');
    if (typeof value !== 'number' || !(value >= range[0] && value <= range[1])) throw refuse(name, `a number from ${range[0]} to ${range[1]}`, value);
  }
  if (optimizer.kind === 'sgd' && optimizer.nesterov && (optimizer.momentum === 0 || optimizer.dampening !== 0)) {
    throw refuse('nesterov', 'a momentum and no dampening with it', `momentum ${optimizer.momentum}, dampening ${optimizer.dampening}`);
  }
  return optimizer;
}
