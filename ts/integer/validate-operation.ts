/** The rules of every operation of SPEC 3: types, shapes, attributes, requantization ranges (2) and the accumulator clause (2.4). */
import { accumulatorLimit, channelWeights, checkAccumulator, checkSingleCode, worstAccumulatorBound } from './accumulator.js';
import { CODE_RANGE, MAX_DIMENSION, validateRange, valueAt } from './bounds.js';
import { invalid } from './graph-json.js';
import type { CodeDtype, IntegerGraph, IntegerTensor, IntegerValue, Operation, Pads, Pair, Requantization, TensorDtype } from './integer-graph.js';
import { everyWindowReads, isPoolSize, windowCount, windowElements, type WindowAxis } from './window.js';

/** What a check needs besides the operation itself. */
interface Context {
  readonly graph: IntegerGraph;
  /** `op "name"`, for messages. */
  readonly label: string;
  /** Names of tensors found in use; checks add to it. */
  readonly used: Set<string>;
}

type Of<K extends Operation['op']> = Extract<Operation, { op: K }>;

/** Codes a dot product multiplies: i16 carriers are only added and requantized. */
const DOT_CODES: readonly CodeDtype[] = ['u8', 'i8', 'u4'];

/** Throws ERR_DYAD_INVALID or ERR_ACCUMULATOR. `used` receives the tensors the operation names. */
export function validateOperation(graph: IntegerGraph, operation: Operation, label: string, used: Set<string>): void {
  const context: Context = { graph, label, used };
  switch (operation.op) {
    case 'conv2d': return validateConv2d(operation, context);
    case 'dense': return validateDense(operation, context);
    case 'add': return validateAdd(operation, context);
    case 'max_pool': return validateMaxPool(operation, context);
    case 'average_pool': return validateAveragePool(operation, context);
    case 'requantize': return validateRequantize(operation, context);
    case 'concat': return validateConcat(operation, context);
    case 'slice': return validateSlice(operation, context);
    case 'pad': return validatePad(operation, context);
    case 'transpose': return validateTranspose(operation, context);
    case 'reshape': return validateReshape(operation, context);
  }
}

function inputOf({ graph, label }: Context, operation: Operation, index = 0): IntegerValue {
  return valueAt(graph, operation.inputs[index] ?? -1, label, 'inputs');
}

function outputOf({ graph, label }: Context, operation: Operation): IntegerValue {
  return valueAt(graph, operation.outputs[0] ?? -1, label, 'outputs');
}

function expectShape({ label }: Context, value: IntegerValue, shape: readonly number[]): void {
  if (value.shape.length !== shape.length || value.shape.some((size, axis) => size !== shape[axis])) {
    throw invalid(label, `shape of "${value.name}"`, `[${shape.join(', ')}]`, value.shape);
  }
}

function expectDtype({ label }: Context, value: IntegerValue, dtypes: readonly CodeDtype[]): void {
  if (!dtypes.includes(value.dtype)) throw invalid(label, `dtype of "${value.name}"`, dtypes.join(', '), value.dtype);
}

/** Type, scale and zero point of the output are the input's; with `range` that too. */
function expectSameCode({ label }: Context, input: IntegerValue, output: IntegerValue, range: boolean): void {
  const keys = range ? (['dtype', 'scale', 'zeroPoint', 'range'] as const) : (['dtype', 'scale', 'zeroPoint'] as const);
  for (const key of keys) {
    if (String(input[key]) !== String(output[key])) throw invalid(label, `${key} of "${output.name}"`, `that of the input, ${String(input[key])}`, output[key]);
  }
}

function expectIntegers({ label }: Context, argument: string, numbers: readonly number[], low: number): void {
  for (const number of numbers) {
    if (!Number.isInteger(number) || number < low || number > MAX_DIMENSION) throw invalid(label, argument, `integers from ${low} to ${MAX_DIMENSION}`, numbers);
  }
}

function expectLength({ label }: Context, argument: string, numbers: readonly unknown[], length: number): void {
  if (numbers.length !== length) throw invalid(label, argument, `${length} entries`, numbers);
}

/** Channels, height and width of an image [1, C, H, W]. */
function imageOf({ label }: Context, value: IntegerValue): readonly [number, number, number] {
  const [batch, channels, height, width, ...rest] = value.shape;
  if (batch !== 1 || channels === undefined || height === undefined || width === undefined || rest.length > 0) {
    throw invalid(label, `shape of "${value.name}"`, '[1, C, H, W]', value.shape);
  }
  return [channels, height, width];
}

function tensorOf({ graph, label, used }: Context, argument: string, name: string, dtypes: readonly TensorDtype[]): IntegerTensor {
  const tensor = graph.tensors.get(name);
  if (tensor === undefined) throw invalid(label, argument, 'the name of a tensor', name);
  if (!dtypes.includes(tensor.dtype)) throw invalid(label, argument, `a tensor of ${dtypes.join(' or ')}`, tensor.dtype);
  used.add(name);
  return tensor;
}

function vectorOf(context: Context, argument: string, name: string, lengths: readonly number[]): IntegerTensor {
  const tensor = tensorOf(context, argument, name, ['i32']);
  if (tensor.shape.length !== 1 || !lengths.includes(tensor.shape[0] ?? 0)) {
    throw invalid(context.label, argument, `an i32 tensor of shape [${[...new Set(lengths)].join('] or [')}]`, tensor.shape);
  }
  return tensor;
}

/** Ranges of SPEC 2.2 and 2.3, and the multiplier's length (2.5). */
function checkRequantization(context: Context, argument: string, requantization: Requantization, lengths: readonly number[]): void {
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
function checkElementwise(context: Context, argument: string, requantization: Requantization, input: Pick<IntegerValue, 'range' | 'zeroPoint'>): void {
  checkRequantization(context, argument, requantization, [1]);
  checkSingleCode(context.label, input.range, input.zeroPoint, requantization);
}

function checkClamp({ label }: Context, argument: string, clamp: Pair, output: IntegerValue): void {
  validateRange(clamp, output.range, label, argument);
}

/** Weight, bias, requantization and clause of a convolution or a dense layer with `channels` output channels. */
function checkWeights(context: Context, operation: Of<'conv2d'> | Of<'dense'>, weight: IntegerTensor, channels: number): void {
  const input = inputOf(context, operation);
  const bias = operation.bias === null ? null : vectorOf(context, 'bias', operation.bias, [channels]).data;
  checkRequantization(context, 'requantization', operation.requantization, [1, channels]);
  const isProved = weight.dtype !== 'i32' && worstAccumulatorBound(weight.data.length / channels, weight.dtype, bias, input.range, input.zeroPoint) < accumulatorLimit(operation.requantization);
  if (!isProved) checkAccumulator(context.label, channelWeights(weight.data, channels, bias), input.range, input.zeroPoint, operation.requantization);
  checkClamp(context, 'clamp', operation.clamp, outputOf(context, operation));
}

function validateConv2d(operation: Of<'conv2d'>, context: Context): void {
  const { label } = context;
  const { stride, pads, dilation, groups } = operation;
  const input = inputOf(context, operation);
  expectDtype(context, input, DOT_CODES);
  const [channels, height, width] = imageOf(context, input);
  const weight = tensorOf(context, 'weight', operation.weight, ['i8', 'i4']);
  expectLength(context, 'shape of the weight', weight.shape, 4);
  const [outChannels = 0, groupChannels = 0, kernelHeight = 0, kernelWidth = 0] = weight.shape;
  expectIntegers(context, 'stride', stride, 1);
  expectIntegers(context, 'dilation', dilation, 1);
  expectIntegers(context, 'pads', pads, 0);
  expectIntegers(context, 'groups', [groups], 1);
  if (channels % groups !== 0 || outChannels % groups !== 0) throw invalid(label, 'groups', `a divisor of ${channels} and ${outChannels} channels`, groups);
  if (groupChannels !== channels / groups) throw invalid(label, 'shape of the weight', `[OC, ${channels / groups}, KH, KW]`, weight.shape);
  const [rows, columns] = axesOf([height, width], [kernelHeight, kernelWidth], stride, dilation, pads);
  const size = [windowCount(rows), windowCount(columns)] as const;
  if (size[0] < 1 || size[1] < 1) throw invalid(label, 'weight', 'a kernel that fits the padded input', weight.shape);
  expectShape(context, outputOf(context, operation), [1, outChannels, ...size]);
  checkWeights(context, operation, weight, outChannels);
}

function validateDense(operation: Of<'dense'>, context: Context): void {
  const input = inputOf(context, operation);
  expectDtype(context, input, DOT_CODES);
  const weight = tensorOf(context, 'weight', operation.weight, ['i8', 'i4']);
  expectLength(context, 'shape of the weight', weight.shape, 2);
  const [outFeatures = 0, inFeatures = 0] = weight.shape;
  if (inFeatures !== input.shape.at(-1)) throw invalid(context.label, 'shape of the weight', `[N, ${input.shape.at(-1)}]`, weight.shape);
  expectShape(context, outputOf(context, operation), [...input.shape.slice(0, -1), outFeatures]);
  checkWeights(context, operation, weight, outFeatures);
}

function validateAdd(operation: Of<'add'>, context: Context): void {
  const { graph, label } = context;
  const { outputs, requantizations, clamp, codeRequantization, codeClamp } = operation;
  const [a, b] = [inputOf(context, operation, 0), inputOf(context, operation, 1)];
  expectShape(context, b, a.shape);
  checkElementwise(context, 'requantizations[0]', requantizations[0], a);
  checkElementwise(context, 'requantizations[1]', requantizations[1], b);
  validateRange(clamp, CODE_RANGE.i16, label, 'clamp');
  const [carrierIndex = null, codeIndex = null] = outputs;
  if (carrierIndex === null && codeIndex === null) throw invalid(label, 'outputs', 'a carrier, a code or both', outputs);
  if (carrierIndex !== null) {
    const carrier = valueAt(graph, carrierIndex, label, 'outputs');
    expectShape(context, carrier, a.shape);
    expectDtype(context, carrier, ['i16']);
    if (carrier.zeroPoint !== 0) throw invalid(label, `zeroPoint of "${carrier.name}"`, '0', carrier.zeroPoint);
    checkClamp(context, 'clamp', clamp, carrier);
  }
  if ((codeIndex === null) !== (codeRequantization === null)) throw invalid(label, 'codeRequantization', codeIndex === null ? 'null without a code output' : 'a requantization', codeRequantization);
  if ((codeIndex === null) !== (codeClamp === null)) throw invalid(label, 'codeClamp', codeIndex === null ? 'null without a code output' : '[lo, hi]', codeClamp);
  if (codeIndex === null || codeRequantization === null || codeClamp === null) return;
  const code = valueAt(graph, codeIndex, label, 'outputs');
  expectShape(context, code, a.shape);
  checkElementwise(context, 'codeRequantization', codeRequantization, { range: clamp, zeroPoint: 0 });
  checkClamp(context, 'codeClamp', codeClamp, code);
}

function axesOf(size: Pair, kernel: Pair, stride: Pair, dilation: Pair, pads: Pads): readonly [WindowAxis, WindowAxis] {
  const axis = (i: 0 | 1): WindowAxis => ({ input: size[i], kernel: kernel[i], stride: stride[i], dilation: dilation[i], before: pads[i], after: pads[i === 0 ? 2 : 3] });
  return [axis(0), axis(1)];
}

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

function validateMaxPool(operation: Of<'max_pool'>, context: Context): void {
  const axes = checkPool(operation, context, operation.dilation);
  expectSameCode(context, inputOf(context, operation), outputOf(context, operation), false);
  if (!axes.every((axis, i) => everyWindowReads(axis, operation.outputSize[i] ?? 0))) {
    throw invalid(context.label, 'kernel', 'windows that all hold an element of the input', operation.kernel);
  }
}

function validateAveragePool(operation: Of<'average_pool'>, context: Context): void {
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

function validateRequantize(operation: Of<'requantize'>, context: Context): void {
  const [input, output] = [inputOf(context, operation), outputOf(context, operation)];
  expectShape(context, output, input.shape);
  checkElementwise(context, 'requantization', operation.requantization, input);
  checkClamp(context, 'clamp', operation.clamp, output);
}

function resized(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((dimension, i) => (i === axis ? size : dimension));
}

function validateConcat(operation: Of<'concat'>, context: Context): void {
  const { label } = context;
  const { inputs, axis, requantizations, clamp } = operation;
  if (inputs.length === 0) throw invalid(label, 'inputs', 'at least one value', inputs);
  expectLength(context, 'requantizations', requantizations, inputs.length);
  const first = inputOf(context, operation);
  if (axis < 0 || axis >= first.shape.length) throw invalid(label, 'axis', `an axis from 0 to ${first.shape.length - 1}`, axis);
  let length = 0;
  requantizations.forEach((requantization, i) => {
    const input = inputOf(context, operation, i);
    const size = input.shape[axis] ?? 0;
    expectShape(context, input, resized(first.shape, axis, size));
    length += size;
    checkElementwise(context, `requantizations[${i}]`, requantization, input);
  });
  expectShape(context, outputOf(context, operation), resized(first.shape, axis, length));
  checkClamp(context, 'clamp', clamp, outputOf(context, operation));
}

function validateSlice(operation: Of<'slice'>, context: Context): void {
  const { starts, steps } = operation;
  const [input, output] = [inputOf(context, operation), outputOf(context, operation)];
  expectLength(context, `shape of "${output.name}"`, output.shape, input.shape.length);
  expectLength(context, 'starts', starts, input.shape.length);
  expectLength(context, 'steps', steps, input.shape.length);
  expectSameCode(context, input, output, true);
  input.shape.forEach((size, axis) => {
    const start = starts[axis] ?? -1;
    const step = steps[axis] ?? 0;
    const last = start + ((output.shape[axis] ?? 0) - 1) * step;
    if (step === 0 || Math.abs(step) > MAX_DIMENSION) throw invalid(context.label, 'steps', `steps other than 0, up to ${MAX_DIMENSION}`, steps);
    if (start < 0 || start >= size || last < 0 || last >= size) throw invalid(context.label, `axis ${axis}`, `elements from 0 to ${size - 1}`, [start, last]);
  });
}

function validatePad(operation: Of<'pad'>, context: Context): void {
  const { before, after, value } = operation;
  const [input, output] = [inputOf(context, operation), outputOf(context, operation)];
  expectLength(context, 'before', before, input.shape.length);
  expectLength(context, 'after', after, input.shape.length);
  expectIntegers(context, 'before', before, 0);
  expectIntegers(context, 'after', after, 0);
  expectSameCode(context, input, output, true);
  expectShape(context, output, input.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0)));
  // The output keeps the range, and the accumulator clause of its readers rests on that.
  if (value < input.range[0] || value > input.range[1]) throw invalid(context.label, 'value', `a code within [${input.range.join(', ')}]`, value);
}

function validateTranspose(operation: Of<'transpose'>, context: Context): void {
  const { perm } = operation;
  const [input, output] = [inputOf(context, operation), outputOf(context, operation)];
  const rank = input.shape.length;
  expectLength(context, 'perm', perm, rank);
  if (new Set(perm).size !== rank || perm.some((axis) => axis < 0 || axis >= rank)) throw invalid(context.label, 'perm', `each axis from 0 to ${rank - 1} once`, perm);
  expectSameCode(context, input, output, true);
  expectShape(context, output, perm.map((axis) => input.shape[axis] ?? 0));
}

function validateReshape(operation: Of<'reshape'>, context: Context): void {
  const [input, output] = [inputOf(context, operation), outputOf(context, operation)];
  const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  if (count(input.shape) !== count(output.shape)) throw invalid(context.label, `shape of "${output.name}"`, `${count(input.shape)} elements`, output.shape);
  expectSameCode(context, input, output, true);
}
