/** Writes .tflite models: the tables of TensorFlow Lite's schema that single operations need, by their field numbers. */

export const TENSOR_TYPE = { f32: 0, i32: 2, i8: 9 };
/** BuiltinOperator */
export const OPERATOR = { add: 0, conv2d: 3, depthwiseConv2d: 4, dequantize: 6, fullyConnected: 9, maxPool2d: 17, mean: 40, slice: 65, quantize: 114 };
/** ActivationFunctionType */
export const ACTIVATION = { none: 0, relu: 1, relu6: 3 };
/** BuiltinOptions */
const CONV_2D_OPTIONS = 1;
const DEPTHWISE_CONV_2D_OPTIONS = 2;
const POOL_2D_OPTIONS = 5;
const FULLY_CONNECTED_OPTIONS = 8;
const ADD_OPTIONS = 11;
const REDUCER_OPTIONS = 27;

const SCHEMA_VERSION = 3;

/** A table: `set(field number, value)` with the builder's own methods. */
function table(builder, fields, fill) {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

function vector(builder, values, bytes, add) {
  builder.startVector(bytes, values.length, bytes);
  for (let i = values.length - 1; i >= 0; i--) add(values[i]);
  return builder.endVector();
}

const int32s = (builder, values) => vector(builder, values, 4, (value) => builder.addInt32(value));
const offsets = (builder, values) => vector(builder, values, 4, (value) => builder.addOffset(value));

/** Buffer { data }: aligned to 16 bytes, as XNNPACK reads it in place. */
function bufferTable(builder, data) {
  if (data === undefined) return table(builder, 1, () => {});
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  builder.startVector(1, bytes.length, 16);
  builder.space -= bytes.length;
  builder.bb.bytes().set(bytes, builder.space);
  const content = builder.endVector();
  return table(builder, 1, () => builder.addFieldOffset(0, content, 0));
}

/** QuantizationParameters { scale = 2, zero_point = 3, quantized_dimension = 6 } */
function quantizationTable(builder, { scales, zeroPoint = 0, axis = 0 }) {
  const scale = vector(builder, scales, 4, (value) => builder.addFloat32(value));
  const zeroPoints = vector(builder, scales, 8, () => builder.addInt64(BigInt(zeroPoint)));
  return table(builder, 7, () => {
    builder.addFieldOffset(2, scale, 0);
    builder.addFieldOffset(3, zeroPoints, 0);
    builder.addFieldInt32(6, axis, 0);
  });
}

/** Tensor { shape, type, buffer, name, quantization } */
function tensorTable(builder, { name, type, shape, quantization }, buffer) {
  const label = builder.createString(name);
  const sizes = int32s(builder, shape);
  const quantized = quantization === undefined ? 0 : quantizationTable(builder, quantization);
  return table(builder, 5, () => {
    builder.addFieldOffset(0, sizes, 0);
    builder.addFieldInt8(1, TENSOR_TYPE[type], 0);
    builder.addFieldInt32(2, buffer, 0);
    builder.addFieldOffset(3, label, 0);
    builder.addFieldOffset(4, quantized, 0);
  });
}

/** [kind, offset] of an operator's options; padding is SAME, the schema's 0. */
function optionsTable(builder, { code, stride = 1, window = 1, activation = ACTIVATION.none }) {
  const strides = () => {
    builder.addFieldInt32(1, stride, 0);
    builder.addFieldInt32(2, stride, 0);
  };
  const fused = (field) => builder.addFieldInt8(field, activation, ACTIVATION.none);
  const convolution = () => {
    strides();
    fused(3);
  };
  const pool = () => {
    strides();
    builder.addFieldInt32(3, window, 0);
    builder.addFieldInt32(4, window, 0);
  };
  if (code === OPERATOR.conv2d) return [CONV_2D_OPTIONS, table(builder, 4, convolution)];
  if (code === OPERATOR.add) return [ADD_OPTIONS, table(builder, 1, () => fused(0))];
  if (code === OPERATOR.maxPool2d) return [POOL_2D_OPTIONS, table(builder, 5, pool)];
  if (code === OPERATOR.mean) return [REDUCER_OPTIONS, table(builder, 1, () => {})];
  if (code === OPERATOR.fullyConnected) return [FULLY_CONNECTED_OPTIONS, table(builder, 1, () => {})];
  if (code !== OPERATOR.depthwiseConv2d) return [0, 0];
  const depthwise = () => {
    strides();
    builder.addFieldInt32(3, 1, 0);
    fused(4);
  };
  return [DEPTHWISE_CONV_2D_OPTIONS, table(builder, 5, depthwise)];
}

/** Operator { opcode_index, inputs, outputs, builtin_options_type, builtin_options } */
function operatorTable(builder, operator, index) {
  const { inputs, outputs } = operator;
  const [kind, options] = optionsTable(builder, operator);
  const from = int32s(builder, inputs);
  const to = int32s(builder, outputs);
  return table(builder, 5, () => {
    builder.addFieldInt32(0, index, 0);
    builder.addFieldOffset(1, from, 0);
    builder.addFieldOffset(2, to, 0);
    builder.addFieldInt8(3, kind, 0);
    builder.addFieldOffset(4, options, 0);
  });
}

/** OperatorCode { deprecated_builtin_code = 0, version = 2, builtin_code = 3 } */
function operatorCodeTable(builder, { code, version }) {
  return table(builder, 4, () => {
    builder.addFieldInt8(0, code, 0);
    builder.addFieldInt32(2, version, 1);
    builder.addFieldInt32(3, code, 0);
  });
}

/** SubGraph { tensors, inputs, outputs, operators } */
function subgraphTable(builder, { tensors, inputs, outputs, operators }) {
  const parts = [offsets(builder, tensors), int32s(builder, inputs), int32s(builder, outputs), offsets(builder, operators)];
  return table(builder, 4, () => parts.forEach((part, field) => builder.addFieldOffset(field, part, 0)));
}

/**
 * The bytes of a model.
 * @param flatbuffers the module of that name
 * @param tensors `{ name, type, shape, data?, quantization? }`; operators, inputs and outputs name them by their index
 * @param operators `{ code, version, inputs, outputs, stride?, window?, activation? }`
 */
export function tfliteModel(flatbuffers, { tensors, operators, inputs, outputs }) {
  const builder = new flatbuffers.Builder(1 << 20);
  const constants = tensors.filter(({ data }) => data !== undefined);
  // Buffer 0 is the empty one, of everything that is computed.
  const buffers = [undefined, ...constants.map(({ data }) => data)].map((data) => bufferTable(builder, data));
  const tensorTables = tensors.map((tensor) => tensorTable(builder, tensor, constants.indexOf(tensor) + 1));
  const kinds = [...new Map(operators.map(({ code, version }) => [code, { code, version }])).values()];
  const codes = kinds.map((kind) => operatorCodeTable(builder, kind));
  const operatorTables = operators.map((operator) => operatorTable(builder, operator, kinds.findIndex(({ code }) => code === operator.code)));
  const subgraph = subgraphTable(builder, { tensors: tensorTables, inputs, outputs, operators: operatorTables });
  const parts = [offsets(builder, codes), offsets(builder, [subgraph]), builder.createString('bench'), offsets(builder, buffers)];
  const model = table(builder, 5, () => {
    builder.addFieldInt32(0, SCHEMA_VERSION, 0);
    parts.forEach((part, i) => builder.addFieldOffset(i + 1, part, 0));
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array().slice();
}
