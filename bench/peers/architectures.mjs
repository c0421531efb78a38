/**
 * ResNet-18 and MobileNetV2 at 224² with random weights: speed does not ask what was learned. Padded as TensorFlow's SAME does, the one padding
 * that every peer has. A layer reads values by name and makes one; `act` is none, relu or relu6.
 */

/** Standard normal, near enough: the sum of twelve uniform numbers, from xorshift32. */
function normal(seed) {
  let state = seed;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
}

const samePads = (size, window, stride) => {
  const all = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
  return [all >> 1, all >> 1, all - (all >> 1), all - (all >> 1)];
};

class Architecture {
  layers = [];
  shapes = new Map([['x', [3, 224, 224]]]);
  macs = 0;
  #random;

  constructor(name, seed) {
    this.name = name;
    this.#random = normal(seed);
  }

  #values(count, deviation) {
    return Float32Array.from({ length: count }, () => this.#random() * deviation);
  }

  #made(layer, shape) {
    const output = `t${this.layers.length}`;
    this.layers.push({ ...layer, output });
    this.shapes.set(output, shape);
    return output;
  }

  /** He's deviation √(gain / fan-in). */
  conv(input, outC, window, { stride = 1, groups = 1, act = 'none', gain = 2 } = {}) {
    const [inC, size] = this.shapes.get(input);
    const out = Math.ceil(size / stride);
    const fan = (inC / groups) * window * window;
    this.macs += out * out * outC * fan;
    const weight = this.#values(outC * fan, Math.sqrt(gain / fan));
    return this.#made({ op: 'conv', input, inC, outC, window, stride, groups, act, pads: samePads(size, window, stride), weight, bias: this.#values(outC, 0.1) }, [outC, out, out]);
  }

  add(a, b, act = 'none') {
    return this.#made({ op: 'add', a, b, act }, this.shapes.get(a));
  }

  maxPool(input, window, stride) {
    const [channels, size] = this.shapes.get(input);
    const out = Math.ceil(size / stride);
    return this.#made({ op: 'max_pool', input, window, stride, pads: samePads(size, window, stride) }, [channels, out, out]);
  }

  globalAveragePool(input) {
    return this.#made({ op: 'global_average_pool', input }, [this.shapes.get(input)[0]]);
  }

  dense(input, outC) {
    const [inC] = this.shapes.get(input);
    this.macs += inC * outC;
    return this.#made({ op: 'dense', input, inC, outC, weight: this.#values(inC * outC, Math.sqrt(1 / inC)), bias: new Float32Array(outC) }, [outC]);
  }
}

function resnet18() {
  const net = new Architecture('resnet18', 18);
  let value = net.maxPool(net.conv('x', 64, 7, { stride: 2, act: 'relu' }), 3, 2);
  [64, 128, 256, 512].forEach((channels, stage) => {
    for (let block = 0; block < 2; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const first = net.conv(value, channels, 3, { stride, act: 'relu' });
      const second = net.conv(first, channels, 3, { gain: 0.5 });
      const shortcut = stride === 2 ? net.conv(value, channels, 1, { stride, gain: 1 }) : value;
      value = net.add(second, shortcut, 'relu');
    }
  });
  net.dense(net.globalAveragePool(value), 1000);
  return net;
}

/** Expansion, channels, repetitions, stride of the first: the table of the paper. */
const BOTTLENECKS = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]];

function mobilenetV2() {
  const net = new Architecture('mobilenetv2', 2);
  let value = net.conv('x', 32, 3, { stride: 2, act: 'relu6' });
  let channels = 32;
  for (const [expansion, outC, repetitions, firstStride] of BOTTLENECKS) {
    for (let block = 0; block < repetitions; block++) {
      const stride = block === 0 ? firstStride : 1;
      const isResidual = stride === 1 && channels === outC;
      const hidden = channels * expansion;
      const expanded = expansion === 1 ? value : net.conv(value, hidden, 1, { act: 'relu6' });
      const spatial = net.conv(expanded, hidden, 3, { stride, groups: hidden, act: 'relu6' });
      const projected = net.conv(spatial, outC, 1, { gain: isResidual ? 0.5 : 1 });
      value = isResidual ? net.add(projected, value) : projected;
      channels = outC;
    }
  }
  net.dense(net.globalAveragePool(net.conv(value, 1280, 1, { act: 'relu6' })), 1000);
  return net;
}

const MAKERS = { resnet18, mobilenetv2: mobilenetV2 };

export const ARCHITECTURES = Object.keys(MAKERS);

export function architecture(name) {
  return MAKERS[name]();
}

/** Seeded pictures [3][224][224] for calibration and measuring. */
export function samplePictures(count) {
  return Array.from({ length: count }, (_, i) => {
    const random = normal(1000 + i);
    return Float32Array.from({ length: 3 * 224 * 224 }, random);
  });
}
