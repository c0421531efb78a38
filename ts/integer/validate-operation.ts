/** The rules of every operation of SPEC 3: types, shapes, attributes, requantization ranges (2) and the accumulator clause (2.4). */
import { accumulatorLimit, channelWeights, checkAccumulator, worstAccumulatorBound } from './accumulator.js';
import { CODE_RANGE, MAX_DIMENSION, validateRange, valueAt } from './bounds.js';
import { invalid } from './graph-json.js';
import type { CodeDtype, IntegerGraph, IntegerTensor, Operation } from './integer-graph.js';
import {
  axesOf, checkClamp, checkElementwise, checkRequantization, expectDtype, expectIntegers, expectLength, expectSameCode, expectShape, imageOf, inputOf, outputOf, tensorOf, vectorOf,
  type Context, type Of,
} from './operation-context.js';
import { validateAveragePool, validateMaxPool } from './validate-pool.js';
import { windowCount } from './window.js';

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
