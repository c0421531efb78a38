/** An architecture as ONNX: float, or QDQ with u8 activations and i8 weights per channel, which onnxruntime turns into its integer kernels. */
import { onnxModel } from './onnx-writer.mjs';

class Writer {
  nodes = [];
  tensors = [];
  #scales;

  /** @param scales by value, null for float */
  constructor(scales) {
    this.#scales = scales;
  }

  constant(name, type, shape, data) {
    this.tensors.push({ name, type, shape, data });
    return name;
  }

  node(op, inputs, output, attributes) {
    this.nodes.push({ op, inputs, outputs: [output], attributes });
  }

  /** The value as later layers read it: quantized and dequantized. `from` is its name in the graph. */
  publish(name, from) {
    const quantization = this.#scales?.get(name);
    if (quantization === undefined) return from;
    const parameters = [this.constant(`${name} scale`, 'f32', [], Float32Array.of(quantization.scale)), this.constant(`${name} zero`, 'u8', [], Uint8Array.of(quantization.zeroPoint))];
    this.node('QuantizeLinear', [from, ...parameters], `${name} codes`);
    this.node('DequantizeLinear', [`${name} codes`, ...parameters], `${name} read`);
    return `${name} read`;
  }

  /** Weights [outC][…] and bias; in integers symmetric per channel, the bias at the product of the scales. */
  operands({ output, outC, weight, bias }, shape, input) {
    if (this.#scales === null) return [this.constant(`${output} weight`, 'f32', shape, weight), this.constant(`${output} bias`, 'f32', [outC], bias)];
    const { codes, scales } = quantizeChannels(weight, outC);
    const biasScales = scales.map((scale) => scale * this.#scales.get(input).scale);
    const weightParameters = [this.constant(`${output} weight scale`, 'f32', [outC], scales), this.constant(`${output} weight zero`, 'i8', [outC], new Int8Array(outC))];
    const biasParameters = [this.constant(`${output} bias scale`, 'f32', [outC], biasScales), this.constant(`${output} bias zero`, 'i32', [outC], new Int32Array(outC))];
    this.node('DequantizeLinear', [this.constant(`${output} weight codes`, 'i8', shape, codes), ...weightParameters], `${output} weight`, { axis: 0 });
    this.node('DequantizeLinear', [this.constant(`${output} bias codes`, 'i32', [outC], Int32Array.from(bias, (value, c) => Math.round(value / biasScales[c]))), ...biasParameters], `${output} bias`, { axis: 0 });
    return [`${output} weight`, `${output} bias`];
  }
}

/** Symmetric i8 codes per output channel. */
export function quantizeChannels(weight, outC) {
  const each = weight.length / outC;
  const scales = Float32Array.from({ length: outC }, (_, c) => weight.subarray(c * each, (c + 1) * each).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6) / 127);
  return { codes: Int8Array.from(weight, (value, i) => Math.round(value / scales[Math.floor(i / each)])), scales };
}

/** `scales`: by value `{ scale, zeroPoint }` of u8 codes; null for a float model. Input `x`, output `y`. */
export function architectureOnnx(net, scales) {
  const writer = new Writer(scales);
  const read = new Map([['x', writer.publish('x', 'x')]]);
  const limits = [writer.constant('zero', 'f32', [], Float32Array.of(0)), writer.constant('six', 'f32', [], Float32Array.of(6))];
  for (const layer of net.layers) {
    const raw = `${layer.output} raw`;
    emit(writer, layer, read, layer.act === undefined || layer.act === 'none' ? layer.output : raw);
    if (layer.act === 'relu') writer.node('Relu', [raw], layer.output);
    if (layer.act === 'relu6') writer.node('Clip', [raw, ...limits], layer.output);
    read.set(layer.output, writer.publish(layer.output, layer.output));
  }
  const last = net.layers.at(-1).output;
  writer.node('Identity', [read.get(last)], 'y');
  return onnxModel({
    nodes: writer.nodes,
    tensors: writer.tensors,
    inputs: [{ name: 'x', type: 'f32', shape: [1, ...net.shapes.get('x')] }],
    outputs: [{ name: 'y', type: 'f32', shape: [1, ...net.shapes.get(last)] }],
  });
}

function emit(writer, layer, read, output) {
  const { window, stride, pads } = layer;
  const sliding = { kernel_shape: [window, window], strides: [stride, stride], pads };
  switch (layer.op) {
    case 'conv': {
      const shape = [layer.outC, layer.inC / layer.groups, window, window];
      return writer.node('Conv', [read.get(layer.input), ...writer.operands(layer, shape, layer.input)], output, { ...sliding, dilations: [1, 1], group: layer.groups });
    }
    case 'add':
      return writer.node('Add', [read.get(layer.a), read.get(layer.b)], output);
    case 'max_pool':
      return writer.node('MaxPool', [read.get(layer.input)], output, sliding);
    case 'global_average_pool':
      writer.node('GlobalAveragePool', [read.get(layer.input)], `${output} pooled`);
      return writer.node('Flatten', [`${output} pooled`], output, { axis: 1 });
    default:
      return writer.node('Gemm', [read.get(layer.input), ...writer.operands(layer, [layer.outC, layer.inC], layer.input)], output, { transB: 1 });
  }
}
