import * as assert from 'uvu/assert';
import { DyadicError, type ErrorCode } from '../../ts/errors.js';

/** The error that `run` throws, which must be a DyadicError with this code whose message matches. */
export function refused(run: () => unknown, code: ErrorCode, message: RegExp): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, DyadicError, String(error));
    assert.match((error as DyadicError).message, message);
    assert.is((error as DyadicError).code, code);
    return;
  }
  assert.unreachable(`not refused: ${message}`);
}
