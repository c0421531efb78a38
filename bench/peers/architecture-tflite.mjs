/** An architecture as .tflite: float, or int8 with floats at both ends, since LiteRT.js takes and gives floats only. Values are NHWC. */
import { quantizeChannels } from './architecture-onnx.mjs';
import { ACTIVATION, OPERATOR, tfliteModel } from './tflite-writer.mjs';

/** [C, H, W] → [1, H, W, C]; [C] → [1, C]. */
const sizesOf = (shape) => (shape.length === 3 ? [1, shape[1], shape[2], shape[0]] : [1, ...shape]);

class Builder {
  tensors = [];
  operators = [];
  #scales;

  constructor(scales) {
    this.#scales = scales;
  }

  tensor(description) {
    return this.tensors.push(description) - 1;
  }

  /** A value; u8 codes of ONNX are int8 codes less 128 here. */
  value(name, shape) {
    if (this.#scales === null) return this.tensor({ name, type: 'f32', shape: sizesOf(shape) });
    const { scale, zeroPoint } = this.#scales.get(name);
    return this.tensor({ name, type: 'i8', shape: sizesOf(shape), quantization: { scales: [scale], zeroPoint: zeroPoint - 128 } });
  }

  operator(code, versions, inputs, output, more = {}) {
    this.operators.push({ code, version: versions[this.#scales === null ? 0 : 1], inputs, outputs: [output], ...more });
  }

  /** Indices of weights, reordered to `shape` whose channel axis is `axis`, and of the bias. */
  operands({ output, outC, weight, bias, input }, shape, axis, order) {
    if (this.#scales === null) return [this.tensor({ name: `${output} weight`, type: 'f32', shape, data: order(weight) }), this.tensor({ name: `${output} bias`, type: 'f32', shape: [outC], data: bias })];
    const { codes, scales } = quantizeChannels(weight, outC);
    const biasScales = scales.map((scale) => scale * this.#scales.get(input).scale);
    return [
      this.tensor({ name: `${output} weight`, type: 'i8', shape, data: order(codes), quantization: { scales, axis } }),
      this.tensor({ name: `${output} bias`, type: 'i32', shape: [outC], data: Int32Array.from(bias, (value, c) => Math.round(value / biasScales[c])), quantization: { scales: biasScales } }),
    ];
  }
}

/** [outC][each][taps] → [outC][taps][each], or for depthwise (each = 1) [taps][outC]. */
function reorder({ outC, window, groups }) {
  return (values) => {
    const taps = window * window;
    const each = values.length / outC / taps;
    const result = new values.constructor(values.length);
    for (let o = 0; o < outC; o++) for (let i = 0; i < each; i++) for (let t = 0; t < taps; t++) result[groups > 1 ? t * outC + o : (o * taps + t) * each + i] = values[(o * each + i) * taps + t];
    return result;
  };
}

/** `scales` as in architectureOnnx; pools keep the scale of what they read, which `scales` must say. */
export function architectureTflite(flatbuffers, net, scales) {
  const builder = new Builder(scales);
  const index = new Map();
  const fed = builder.tensor({ name: 'input', type: 'f32', shape: sizesOf(net.shapes.get('x')) });
  if (scales === null) index.set('x', fed);
  else {
    index.set('x', builder.value('x', net.shapes.get('x')));
    builder.operators.push({ code: OPERATOR.quantize, version: 1, inputs: [fed], outputs: [index.get('x')] });
  }
  for (const layer of net.layers) {
    const made = builder.value(layer.output, net.shapes.get(layer.output));
    index.set(layer.output, made);
    emit(builder, layer, index, made);
  }
  let last = index.get(net.layers.at(-1).output);
  if (scales !== null) {
    const floats = builder.tensor({ name: 'output', type: 'f32', shape: sizesOf(net.shapes.get(net.layers.at(-1).output)) });
    builder.operators.push({ code: OPERATOR.dequantize, version: 2, inputs: [last], outputs: [floats] });
    last = floats;
  }
  return tfliteModel(flatbuffers, { tensors: builder.tensors, operators: builder.operators, inputs: [fed], outputs: [last] });
}

function emit(builder, layer, index, made) {
  const { window, stride } = layer;
  const activation = ACTIVATION[layer.act ?? 'none'];
  switch (layer.op) {
    case 'conv': {
      const isDepthwise = layer.groups > 1;
      const shape = isDepthwise ? [1, window, window, layer.outC] : [layer.outC, window, window, layer.inC];
      const operands = builder.operands(layer, shape, isDepthwise ? 3 : 0, reorder(layer));
      return builder.operator(isDepthwise ? OPERATOR.depthwiseConv2d : OPERATOR.conv2d, [1, 3], [index.get(layer.input), ...operands], made, { stride, activation });
    }
    case 'add':
      return builder.operator(OPERATOR.add, [1, 2], [index.get(layer.a), index.get(layer.b)], made, { activation });
    case 'max_pool':
      return builder.operator(OPERATOR.maxPool2d, [1, 2], [index.get(layer.input)], made, { stride, window });
    case 'global_average_pool': {
      const axes = builder.tensor({ name: `${layer.output} axes`, type: 'i32', shape: [2], data: Int32Array.of(1, 2) });
      return builder.operator(OPERATOR.mean, [1, 2], [index.get(layer.input), axes], made);
    }
    default:
      return builder.operator(OPERATOR.fullyConnected, [1, 5], [index.get(layer.input), ...builder.operands(layer, [layer.outC, layer.inC], 0, (values) => values)], made);
  }
}
