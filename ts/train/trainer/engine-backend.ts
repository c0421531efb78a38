/** The Backend over an engine. */
import { DyadicError } from '../../errors.js';
import type { OpenBackend } from './backend.js';

export const openEngineBackend: OpenBackend = () => {
  throw new DyadicError('ERR_TRAINING', { op: 'trainer', expected: 'the programs of training', received: 'none in this build' });
};
