/** What the rules of every operation of SPEC 3 ask of values, tensors and attributes alike. */
import { checkSingleCode } from './accumulator.js';
import { MAX_DIMENSION, validateRange, valueAt } from './bounds.js';
import { invalid } from './graph-json.js';
import type { CodeDtype, IntegerGraph, IntegerTensor, IntegerValue, Operation, Pads, Pair, Requantization, TensorDtype } from './integer-graph.js';
import type { WindowAxis } from './window.js';

/** What a check needs besides the operation itself. */
export interface Context {
  readonly graph: IntegerGraph;
  /** `op "name"`, for messages. */
  readonly label: string;
  /** Names of tensors found in use; checks add to it. */
  readonly used: Set<string>;
}

export type Of<K extends Operation['op']> = Extract<Operation, { op: K }>;

export function inputOf({ graph, label }: Context, operation: Operation, index = 0): IntegerValue {
  return valueAt(graph, operation.inputs[index] ?? -1, label, 'inputs');
}

export function outputOf({ graph, label }: Context, operation: Operation): IntegerValue {
  return valueAt(graph, operation.outputs[0] ?? -1, label, 'outputs');
}

export function expectShape({ label }: Context, value: IntegerValue, shape: readonly number[]): void {
  if (value.shape.length !== shape.length || value.shape.some((size, axis) => size !== shape[axis])) {
    throw invalid(label, `shape of "${value.name}"`, `[${shape.join(', ')}]`, value.shape);
  }
}

export function expectDtype({ label }: Context, value: IntegerValue, dtypes: readonly CodeDtype[]): void {
  if (!dtypes.includes(value.dtype)) throw invalid(label, `dtype of "${value.name}"`, dtypes.join(', '), value.dtype);
}

/** Type, scale and zero point of the output are the input's; with `range` that too. */
export function expectSameCode({ label }: Context, input: IntegerValue, output: IntegerValue, range: boolean): void {
  const keys = range ? (['dtype', 'scale', 'zeroPoint', 'range'] as const) : (['dtype', 'scale', 'zeroPoint'] as const);
  for (const key of keys) {
    if (String(input[key]) !== String(output[key])) throw invalid(label, `${key} of "${output.name}"`, `that of the input, ${String(input[key])}`, output[key]);
  }
}

export function expectIntegers({ label }: Context, argument: string, numbers: readonly number[], low: number): void {
  for (const number of numbers) {
    if (!Number.isInteger(number) || number < low || number > MAX_DIMENSION) throw invalid(label, argument, `integers from ${low} to ${MAX_DIMENSION}`, numbers);
  }
}

export function expectLength({ label }: Context, argument: string, numbers: readonly unknown[], length: number): void {
  if (numbers.length !== length) throw invalid(label, argument, `${length} entries`, numbers);
}

/** Channels, height and width of an image [1, C, H, W]. */
export function imageOf({ label }: Context, value: IntegerValue): readonly [number, number, number] {
  const [batch, channels, height, width, ...rest] = value.shape;
  if (batch !== 1 || channels === undefined || height === undefined || width === undefined || rest.length > 0) {
    throw invalid(label, `shape of "${value.name}"`, '[1, C, H, W]', value.shape);
  }
  return [channels, height, width];
}

export function tensorOf({ graph, label, used }: Context, argument: string, name: string, dtypes: readonly TensorDtype[]): IntegerTensor {
  const tensor = graph.tensors.get(name);
  if (tensor === undefined) throw invalid(label, argument, 'the name of a tensor', name);
  if (!dtypes.includes(tensor.dtype)) throw invalid(label, argument, `a tensor of ${dtypes.join(' or ')}`, tensor.dtype);
  used.add(name);
  return tensor;
}

export function vectorOf(context: Context, argument: string, name: string, lengths: readonly number[]): IntegerTensor {
  const tensor = tensorOf(context, argument, name, ['i32']);
  if (tensor.shape.length !== 1 || !lengths.includes(tensor.shape[0] ?? 0)) {
    throw invalid(context.label, argument, `an i32 tensor of shape [${[...new Set(lengths)].join('] or [')}]`, tensor.shape);
  }
  return tensor;
}

/** Ranges of SPEC 2.2 and 2.3, and the multiplier's length (2.5). */
export function checkRequantization(context: Context, argument: string, requantization: Requantization, lengths: readonly number[]): void {
  if (requantization.form === 'copy') return;
  const inside = (key: string, number: number, low: number, high: number): void => {
    if (number < low || number > high) throw invalid(context.label, `${argument}.${key}`, `an integer within [${low}, ${high}]`, number);
  };
  if (requantization.form === 'q15') {
    inside('shift', requantization.shift, -15, 22);
  } else {
    inside('left', requantization.left, 0, 24);
    inside('shift', requantization.shift, 33, 62);
  }
  const [low, high] = requantization.form === 'q15' ? [1, 32767] : [0, 2 ** 31 - 1];
  const { data } = vectorOf(context, `${argument}.multiplier`, requantization.multiplier, lengths);
  for (const multiplier of data) inside('multiplier', multiplier, low, high);
}

/** A requantization of single codes of `input`: ranges, one multiplier, and the clause. */
export function checkElementwise(context: Context, argument: string, requantization: Requantization, input: Pick<IntegerValue, 'range' | 'zeroPoint'>): void {
  checkRequantization(context, argument, requantization, [1]);
  checkSingleCode(context.label, input.range, input.zeroPoint, requantization);
}

export function checkClamp({ label }: Context, argument: string, clamp: Pair, output: IntegerValue): void {
  validateRange(clamp, output.range, label, argument);
}

export function axesOf(size: Pair, kernel: Pair, stride: Pair, dilation: Pair, pads: Pads): readonly [WindowAxis, WindowAxis] {
  const axis = (i: 0 | 1): WindowAxis => ({ input: size[i], kernel: kernel[i], stride: stride[i], dilation: dilation[i], before: pads[i], after: pads[i === 0 ? 2 : 3] });
  return [axis(0), axis(1)];
}
