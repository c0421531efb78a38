/** The rules of max_pool and average_pool (SPEC 3). */
import { checkAccumulator } from './accumulator.js';
import { invalid } from './graph-json.js';
import type { Pair } from './integer-graph.js';
import { axesOf, checkClamp, checkRequantization, expectIntegers, expectSameCode, expectShape, imageOf, inputOf, outputOf, type Context, type Of } from './operation-context.js';
import { everyWindowReads, isPoolSize, windowCount, windowElements, type WindowAxis } from './window.js';

/** Attributes and output shape of a pool; returns its two axes. */
function checkPool(operation: Of<'max_pool'> | Of<'average_pool'>, context: Context, dilation: Pair): readonly [WindowAxis, WindowAxis] {
  const { kernel, stride, pads, outputSize } = operation;
  const [channels, height, width] = imageOf(context, inputOf(context, operation));
  expectIntegers(context, 'kernel', kernel, 1);
  expectIntegers(context, 'stride', stride, 1);
  expectIntegers(context, 'dilation', dilation, 1);
  expectIntegers(context, 'pads', pads, 0);
  const axes = axesOf([height, width], kernel, stride, dilation, pads);
  if (!axes.every((axis, i) => isPoolSize(axis, outputSize[i] ?? 0))) {
    throw invalid(context.label, 'outputSize', `[${axes.map(windowCount).join(', ')}], or one more where ceil mode gives it`, outputSize);
  }
  expectShape(context, outputOf(context, operation), [1, channels, ...outputSize]);
  checkClamp(context, 'clamp', operation.clamp, outputOf(context, operation));
  return axes;
}

export function validateMaxPool(operation: Of<'max_pool'>, context: Context): void {
  const axes = checkPool(operation, context, operation.dilation);
  expectSameCode(context, inputOf(context, operation), outputOf(context, operation), false);
  if (!axes.every((axis, i) => everyWindowReads(axis, operation.outputSize[i] ?? 0))) {
    throw invalid(context.label, 'kernel', 'windows that all hold an element of the input', operation.kernel);
  }
}

export function validateAveragePool(operation: Of<'average_pool'>, context: Context): void {
  const { label } = context;
  const { kernel, outputSize, countIncludePad, divisors, requantization } = operation;
  const input = inputOf(context, operation);
  const [rows, columns] = checkPool(operation, context, [1, 1]);
  const expected = distinctDivisors(windowElements(rows, outputSize[0], countIncludePad, divisors.length), windowElements(columns, outputSize[1], countIncludePad, divisors.length), divisors.length);
  if (expected?.[0] === 0) throw invalid(label, 'kernel', 'windows that all count an element', kernel);
  if (expected === null || expected.length !== divisors.length || expected.some((divisor, i) => divisor !== divisors[i])) {
    throw invalid(label, 'divisors', expected === null ? 'the distinct element counts of the windows, ascending' : `[${expected.slice(0, 8).join(', ')}]`, divisors);
  }
  checkRequantization(context, 'requantization', requantization, [divisors.length]);
  checkAccumulator(label, [{ positive: Math.min(rows.input, rows.kernel) * Math.min(columns.input, columns.kernel), negative: 0, bias: 0 }], input.range, input.zeroPoint, requantization);
}

/** Products of the counts, ascending; null as soon as there are more than `most`, which a file cannot make us list. */
function distinctDivisors(rows: ReadonlySet<number>, columns: ReadonlySet<number>, most: number): number[] | null {
  const products = new Set<number>();
  // n and m distinct counts have at least n + m − 1 distinct products.
  if (rows.size + columns.size - 1 > most) return null;
  for (const row of rows) {
    for (const column of columns) products.add(row * column);
    if (products.size > most) return null;
  }
  return [...products].sort((a, b) => a - b);
}
