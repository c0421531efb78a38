import * as assert from 'uvu/assert';
import { DyadicError, type ErrorCode } from '../../ts/errors.js';

/** The DyadicError that `call` throws, which must have this code. */
export async function errorOf(code: ErrorCode, call: () => unknown): Promise<DyadicError> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof DyadicError)) throw error;
    assert.is(error.code, code, error.message);
    return error;
  }
  throw new Error(`expected ${code}, nothing was thrown`);
}

/** The DyadicError that `run` throws before it returns. */
export function refusal(run: () => unknown): DyadicError {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DyadicError)) throw error;
    return error;
  }
  throw new Error('nothing was refused');
}
