/** Mul, Sub, Div and Floor exist for shape arithmetic only: they are computed at import. */
import { combine, map } from '../../graph/evaluate.js';
import { broadcastShapes, elementCount, showShape } from '../../graph/shape.js';
import type { NodeContext, OnnxHandler } from '../node-context.js';

/** A handler that folds an element-wise operator of two constants. Integers round as `onIntegers` says. */
export function foldBinary(onFloats: (a: number, b: number) => number, onIntegers = onFloats): OnnxHandler {
  return (node: NodeContext) => {
    node.info(0);
    node.info(1);
    const a = node.requireConstant(0, 'A');
    const b = node.requireConstant(1, 'B');
    const shape = broadcastShapes(a.shape, b.shape);
    if (a.dtype !== b.dtype || shape === undefined) throw node.invalid('B', `${a.dtype} that broadcasts with ${showShape(a.shape)}`, `${b.dtype} ${showShape(b.shape)}`);
    node.charge(elementCount(shape));
    const result = combine(a, b, a.dtype === 'f32' ? onFloats : onIntegers);
    if (result.dtype !== 'f32' && !result.data.every(Number.isSafeInteger)) throw node.invalid('A, B', 'a result within ±2^53', 'a larger one, or a division by 0');
    node.fold(result);
  };
}

/** A handler that folds an element-wise operator of one f32 constant. */
export function foldUnary(operation: (x: number) => number): OnnxHandler {
  return (node: NodeContext) => {
    const x = node.requireConstant(0, 'X');
    node.charge(x.data.length);
    node.fold(map(x, operation));
  };
}
