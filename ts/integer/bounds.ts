/** The bounds of SPEC 1.1 and 6.2, and the checks that every part of the validation shares. */
import { invalid } from './graph-json.js';
import type { CodeDtype, IntegerGraph, IntegerValue, Pair } from './integer-graph.js';

export const MAX_RANK = 6;
export const MAX_DIMENSION = 2 ** 24;
/** Exclusive. */
export const MAX_ELEMENTS = 2 ** 31;

/** Codes of each type (SPEC 1.1). */
export const CODE_RANGE: Readonly<Record<CodeDtype, Pair>> = { u8: [0, 255], i8: [-128, 127], u4: [0, 15], i16: [-32767, 32767] };
/** The value with this number, or ERR_DYAD_INVALID. */
export function valueAt(graph: IntegerGraph, index: number, op: string, argument: string): IntegerValue {
  const value = Number.isInteger(index) ? graph.values[index] : undefined;
  if (value === undefined) throw invalid(op, argument, `a value from 0 to ${graph.values.length - 1}`, index);
  return value;
}

/** Elements of a shape, or ERR_DYAD_INVALID where it breaks the bounds of SPEC 6.2. */
export function elementCount(shape: readonly number[], op: string, argument: string): number {
  if (shape.length < 1 || shape.length > MAX_RANK) throw invalid(op, argument, `rank 1 to ${MAX_RANK}`, shape);
  let count = 1;
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 1 || size > MAX_DIMENSION) throw invalid(op, argument, `dimensions from 1 to ${MAX_DIMENSION}`, shape);
    count *= size;
  }
  if (count >= MAX_ELEMENTS) throw invalid(op, argument, `fewer than ${MAX_ELEMENTS} elements`, shape);
  return count;
}

/** lo ≤ hi, both within `outer`. */
export function validateRange(range: Pair, outer: Pair, op: string, argument: string): void {
  if (range[0] < outer[0] || range[1] > outer[1] || range[0] > range[1]) throw invalid(op, argument, `[lo, hi] within [${outer.join(', ')}]`, range);
}
