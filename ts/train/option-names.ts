import { DyadicError } from '../errors.js';

/** Throws ERR_ARGUMENT for options that are no object, and for one that there is none of: misspelt, it would change nothing. */
export function checkOptionNames(options: object, known: readonly string[], op: string): void {
  const refuse = (argument: string, expected: string, received: string): DyadicError => new DyadicError('ERR_ARGUMENT', { op, argument, expected, received });
  if (typeof options !== 'object' || options === null) throw refuse('options', `{ ${known.join(', ')} }`, String(options));
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong !== undefined) throw refuse(wrong, `an option of ${op}: ${known.join(', ')}`, 'another');
}

/** Throws ERR_ARGUMENT unless `value` is true or false. */
export function checkFlag(value: unknown, op: string, argument: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new DyadicError('ERR_ARGUMENT', { op, argument, expected: 'true or false', received: String(value) });
}
