/** Shapes as users give them. */
import { DyadicError } from '../errors.js';

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Throws ERR_SHAPE unless `shape` is a list of integers ≥ 0 with `count` elements in all. */
export function checkShape(op: string, shape: readonly number[], count: number): void {
  const valid = Array.isArray(shape) && shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  if (!valid) throw new DyadicError('ERR_SHAPE', { op, argument: 'shape', expected: 'integers ≥ 0', received: String(shape) });
  if (elementCount(shape) !== count) {
    throw new DyadicError('ERR_SHAPE', { op, argument: 'shape', expected: `a shape of ${count} elements`, received: `${showShape(shape)}, ${elementCount(shape)} elements` });
  }
}
