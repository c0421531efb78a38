import { DyadicError } from '../../errors.js';
import { checkOptionNames } from '../option-names.js';

/** What training makes small. */
export type Loss =
  /** Of the softmax of the logits; mean over the batch. */
  | { readonly kind: 'cross_entropy'; readonly labelSmoothing: number }
  /** Mean over all outputs; the target of a label is 1 at its place and 0 elsewhere. */
  | { readonly kind: 'mean_squared_error' };

/** `labelSmoothing` in [0, 1) as PyTorch's. Throws ERR_ARGUMENT. */
export function crossEntropy(options: { readonly labelSmoothing?: number } = {}): Loss {
  checkOptionNames(options, ['labelSmoothing'], 'crossEntropy');
  return checkLoss({ kind: 'cross_entropy', labelSmoothing: options.labelSmoothing ?? 0 }, 'crossEntropy');
}

export function meanSquaredError(): Loss {
  return { kind: 'mean_squared_error' };
}

/** Throws ERR_ARGUMENT. */
export function checkLoss(loss: Loss, op: string): Loss {
  if (loss?.kind === 'mean_squared_error') return loss;
  if (loss?.kind !== 'cross_entropy') throw new DyadicError('ERR_ARGUMENT', { op, argument: 'loss', expected: 'crossEntropy() or meanSquaredError()', received: String(loss) });
  const { labelSmoothing } = loss;
  if (typeof labelSmoothing === 'number' && labelSmoothing >= 0 && labelSmoothing < 1) return loss;
  throw new DyadicError('ERR_ARGUMENT', { op, argument: 'labelSmoothing', expected: 'a number in [0, 1)', received: String(labelSmoothing) });
}
