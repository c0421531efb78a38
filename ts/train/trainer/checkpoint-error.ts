import { DyadicError, type ErrorDetail } from '../../errors.js';

export function checkpointError(detail: Omit<ErrorDetail, 'op'>): DyadicError {
  return new DyadicError('ERR_CHECKPOINT', { op: 'resume', ...detail });
}
