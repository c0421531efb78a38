import { DyadicError } from '../../errors.js';

/** What is wrong with training data: `where` is a file, a folder or a field. */
export function datasetError(where: string, expected: string, received: string, extra: { readonly details?: readonly string[]; readonly cause?: unknown } = {}): DyadicError {
  return new DyadicError('ERR_DATASET', { op: 'dataset', argument: where, expected, received, ...extra });
}

/** More pixels than this fit no arena and, on most hosts, no typed array. */
export const MAX_DATASET_BYTES = 2 ** 32 - 1;
