/**
 * A workload as a .tflite model: copies of one operation on the same input, each with its own weights. LiteRT.js takes and gives floats
 * only, so an int8 model begins with a QUANTIZE and ends with DEQUANTIZEs; what both graphs of a pair have of them cancels.
 */
import { OPERATOR, tfliteModel } from './tflite-writer.mjs';
import { biasCodes, inputAs, inputCodes, requantization, weightCodes, weightsAs } from './workloads.mjs';

/** Codes 0..255 as int8. */
const ZERO_POINT = -128;

/** Grows the model; every tensor is known by the index that `tensor` returns. */
class ModelBuilder {
  tensors = [];
  operators = [];

  tensor(description) {
    return this.tensors.push(description) - 1;
  }

  operator(code, version, inputs, outputs, stride) {
    this.operators.push({ code, version, inputs, outputs, stride });
  }
}

/** The input's numbers, in the model's order; codes as floats. */
export function tfliteInput(shape, type) {
  return inputAs('hwc', shape, inputCodes(shape, type), Float32Array, type === 'f32' ? 1 / 128 : 1);
}

function ioShapes({ op, inC, inH, inW, outC, outH, outW }) {
  return op === 'gemm' ? { input: [inH, inC], output: [outH, outC] } : { input: [1, inH, inW, inC], output: [1, outH, outW, outC] };
}

function kindOf({ op, groups }) {
  if (op === 'gemm') return { code: OPERATOR.fullyConnected, versions: { f32: 1, int8: 5 }, order: 'ohwi', axis: 0 };
  return groups > 1
    ? { code: OPERATOR.depthwiseConv2d, versions: { f32: 1, int8: 3 }, order: 'ihwo', axis: 3 }
    : { code: OPERATOR.conv2d, versions: { f32: 1, int8: 3 }, order: 'ohwi', axis: 0 };
}

function weightShape({ op, inC, outC, window, groups }) {
  if (op === 'gemm') return [outC, inC];
  return groups > 1 ? [1, window, window, outC] : [outC, window, window, inC];
}

/** Weights and bias of one copy. */
function addWeights(model, shape, type, copy) {
  const { order, axis } = kindOf(shape);
  const codes = weightCodes(shape, type, copy);
  const names = { weight: `weight${copy}`, bias: `bias${copy}` };
  if (type === 'f32') {
    const data = weightsAs(order, shape, codes, Float32Array, 1 / 128);
    return [model.tensor({ name: names.weight, type: 'f32', shape: weightShape(shape), data }), model.tensor({ name: names.bias, type: 'f32', shape: [shape.outC], data: new Float32Array(shape.outC) })];
  }
  const scales = Array.from(requantization(shape, type).multipliers, (multiplier) => multiplier / 2 ** 15);
  const data = weightsAs(order, shape, codes, Int8Array);
  return [
    model.tensor({ name: names.weight, type: 'i8', shape: weightShape(shape), data, quantization: { scales, axis } }),
    model.tensor({ name: names.bias, type: 'i32', shape: [shape.outC], data: biasCodes(shape, copy), quantization: { scales } }),
  ];
}

/** One pixel of every channel. */
function addCut(model, activation, from, outputShape, copy, integer) {
  const size = outputShape.map((length, axis) => (axis === outputShape.length - 1 ? length : 1));
  const constant = (name, values) => model.tensor({ name, type: 'i32', shape: [values.length], data: Int32Array.from(values) });
  const to = activation(`cut${copy}`, size);
  model.operator(OPERATOR.slice, integer ? 2 : 1, [from, constant(`begin${copy}`, size.map(() => 0)), constant(`size${copy}`, size)], [to]);
  return { index: to, shape: size };
}

/** `whole`: the outputs are whole, else one pixel of each. type is f32 or int8; int8 outputs are codes · `scale` as floats. */
export function tfliteWorkload(flatbuffers, shape, type, copies, { whole }) {
  const { input, output } = ioShapes(shape);
  const { code, versions } = kindOf(shape);
  const integer = type === 'int8';
  const scale = integer ? 2 ** requantization(shape, type).shift : 1;
  const model = new ModelBuilder();
  const activation = (name, size, ownScale = scale) =>
    model.tensor(integer ? { name, type: 'i8', shape: size, quantization: { scales: [ownScale], zeroPoint: ZERO_POINT } } : { name, type: 'f32', shape: size });
  const float = (name, size) => model.tensor({ name, type: 'f32', shape: size });
  const fed = float('input', input);
  const first = integer ? activation('codes', input, 1) : fed;
  if (integer) model.operator(OPERATOR.quantize, 1, [fed], [first]);
  const outputs = Array.from({ length: copies }, (_, copy) => {
    const made = { index: activation(`whole${copy}`, output), shape: output };
    model.operator(code, versions[type], [first, ...addWeights(model, shape, type, copy)], [made.index], shape.stride);
    const last = whole ? made : addCut(model, activation, made.index, output, copy, integer);
    if (!integer) return last.index;
    const floats = float(`output${copy}`, last.shape);
    model.operator(OPERATOR.dequantize, 2, [last.index], [floats]);
    return floats;
  });
  return { inputShape: input, scale, bytes: tfliteModel(flatbuffers, { tensors: model.tensors, operators: model.operators, inputs: [fed], outputs }) };
}
