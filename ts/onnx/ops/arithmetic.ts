/** Mul, Sub, Div and Floor exist for shape arithmetic only: they are computed at import. */
import type { Constant } from '../../graph/graph.js';
import { combine, map } from '../../graph/evaluate.js';
import { broadcastShapes, elementCount, showShape } from '../../graph/shape.js';
import type { NodeContext, OnnxHandler } from '../node-context.js';

/** A handler that folds an element-wise operator of two constants. Integers round as `onIntegers` says. */
export function foldBinary(onFloats: (a: number, b: number) => number, onIntegers = onFloats): OnnxHandler {
  return (node: NodeContext) => {
    const [a, b] = [constantOperand(node, 0), constantOperand(node, 1)];
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
    const x = constantOperand(node, 0);
    node.charge(x.data.length);
    node.fold(map(x, operation));
  };
}

function constantOperand(node: NodeContext, index: number): Constant {
  return node.constant(index) ?? node.refuse('only computed of constants, at import; this one is of values');
}
