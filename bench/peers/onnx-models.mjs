/** A workload as an ONNX model: copies of one operation on the same input, each with its own weights. */
import { onnxModel } from './onnx-writer.mjs';
import { biasCodes, inputAs, inputCodes, requantization, weightCodes, weightsAs } from './workloads.mjs';

const scalar = (name, type, data) => ({ name, type, shape: [], data });

/** Shapes of input and output: rows [M, K] of a product, images in NCHW. */
function ioShapes({ op, inC, inH, inW, outC, outH, outW }) {
  return op === 'gemm' ? { input: [inH, inC], output: [outH, outC] } : { input: [1, inC, inH, inW], output: [1, outC, outH, outW] };
}

/** The input's numbers, in the model's order. */
export function onnxInput(shape, type) {
  const order = shape.op === 'gemm' ? 'hwc' : 'chw';
  return type === 'f32' ? inputAs(order, shape, inputCodes(shape, type), Float32Array, 1 / 128) : inputAs(order, shape, inputCodes(shape, type), Uint8Array);
}

/** Reads output [y, x, channel] of a whole output. */
export function onnxReader({ op, outC, outH, outW }, data) {
  return op === 'gemm' ? (y, _x, channel) => data[y * outC + channel] : (y, x, channel) => data[(channel * outH + y) * outW + x];
}

function weightTensor(shape, type, copy) {
  const codes = weightCodes(shape, type, copy);
  const [Type, factor] = type === 'f32' ? [Float32Array, 1 / 128] : [Int8Array, 1];
  const { op, inC, outC, window, groups } = shape;
  const common = { name: `weight${copy}`, type: type === 'f32' ? 'f32' : 'i8' };
  if (op === 'gemm') return { ...common, shape: [inC, outC], data: weightsAs('hwio', shape, codes, Type, factor) };
  return { ...common, shape: [outC, inC / groups, window, window], data: weightsAs('oihw', shape, codes, Type, factor) };
}

/** Scales and zero points: 1 for the input, multiplier / 2^15 per channel for the weights, 2^shift for the output; zero points are 0. */
function quantization(shape, type) {
  const { shift, multipliers } = requantization(shape, type);
  const { outC } = shape;
  return [
    scalar('input_scale', 'f32', Float32Array.of(1)),
    scalar('input_zero', 'u8', Uint8Array.of(0)),
    { name: 'weight_scale', type: 'f32', shape: [outC], data: Float32Array.from(multipliers, (multiplier) => multiplier / 2 ** 15) },
    { name: 'weight_zero', type: 'i8', shape: [outC], data: new Int8Array(outC) },
    scalar('output_scale', 'f32', Float32Array.of(2 ** shift)),
    scalar('output_zero', 'u8', Uint8Array.of(0)),
  ];
}

function operation(shape, type, copy) {
  const { op, window, stride, groups, pads } = shape;
  const outputs = [`whole${copy}`];
  const weight = `weight${copy}`;
  const quantized = ['input', 'input_scale', 'input_zero', weight, 'weight_scale', 'weight_zero', 'output_scale', 'output_zero'];
  if (op === 'gemm') return type === 'f32' ? { op: 'MatMul', inputs: ['input', weight], outputs } : { op: 'QLinearMatMul', inputs: quantized, outputs };
  const attributes = { kernel_shape: [window, window], pads, strides: [stride, stride], dilations: [1, 1], group: groups };
  if (type === 'f32') return { op: 'Conv', inputs: ['input', weight], outputs, attributes };
  return { op: 'QLinearConv', inputs: [...quantized, `bias${copy}`], outputs, attributes };
}

/** One pixel of every channel is kept of an output, so that copying outputs costs next to nothing. */
function cut({ op }, copy) {
  return { op: 'Slice', inputs: [`whole${copy}`, 'starts', 'ends', op === 'gemm' ? 'row_axis' : 'image_axes'], outputs: [`output${copy}`] };
}

function cutTensors({ op }) {
  const axes = op === 'gemm' ? [0n] : [2n, 3n];
  const list = (name, values) => ({ name, type: 'i64', shape: [values.length], data: BigInt64Array.from(values) });
  return [list('starts', axes.map(() => 0n)), list('ends', axes.map(() => 1n)), list(op === 'gemm' ? 'row_axis' : 'image_axes', axes)];
}

/** `whole`: the outputs are whole, else one pixel of each. type is f32 or int8. */
export function onnxWorkload(shape, type, copies, { whole }) {
  const { input, output } = ioShapes(shape);
  const dtype = type === 'f32' ? 'f32' : 'u8';
  const all = Array.from({ length: copies }, (_, copy) => copy);
  const cutShape = shape.op === 'gemm' ? [1, shape.outC] : [1, shape.outC, 1, 1];
  const biases = type === 'f32' || shape.op === 'gemm' ? [] : all.map((copy) => ({ name: `bias${copy}`, type: 'i32', shape: [shape.outC], data: biasCodes(shape, copy) }));
  return {
    inputShape: input,
    bytes: onnxModel({
      nodes: all.flatMap((copy) => [operation(shape, type, copy), ...(whole ? [] : [cut(shape, copy)])]),
      tensors: [...all.map((copy) => weightTensor(shape, type, copy)), ...biases, ...(type === 'f32' ? [] : quantization(shape, type)), ...(whole ? [] : cutTensors(shape))],
      inputs: [{ name: 'input', type: dtype, shape: input }],
      outputs: all.map((copy) => (whole ? { name: `whole${copy}`, type: dtype, shape: output } : { name: `output${copy}`, type: dtype, shape: cutShape })),
    }),
  };
}
