/** What the observer of an integer Program is shown. */
import type { LowerContext } from './lower/context.js';
import type { ObservedValue } from './program.js';
import { readCodes } from './read-codes.js';

/** A value as the observer sees it: its codes, read when asked for. */
export function observedValue(context: LowerContext, index: number): ObservedValue {
  const { info, layout, buffer } = context.value(index);
  return { name: info.name, index, shape: info.shape, read: () => readCodes(context.engine, buffer.address, layout) };
}
