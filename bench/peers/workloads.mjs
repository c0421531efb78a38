/** What everyone computes: the shapes, and the same numbers for all. */

/** How many copies of an operation, each with weights of its own, the longer graph of a pair has. */
export const COPIES = 5;

/** Codes of the input, of the weights and of the output. f32 takes the codes of the first two divided by 128. */
export const TYPES = {
  f32: { input: [-128, 127], weight: [-128, 127] },
  int8: { input: [0, 255], weight: [-127, 127], output: [0, 255] },
  int4: { input: [0, 15], weight: [-7, 7], output: [0, 15] },
};

const SHAPES = [
  gemm(256, 256, 256),
  gemm(512, 512, 512),
  convolution('3x3', 64, 56, 64),
  convolution('3x3', 128, 28, 128),
  convolution('3x3', 256, 14, 256),
  convolution('3x3', 512, 7, 512),
  convolution('1x1', 256, 56, 64, { window: 1 }),
  convolution('1x1', 64, 56, 256, { window: 1 }),
  convolution('depthwise', 144, 56, 144, { groups: 144 }),
  convolution('depthwise', 144, 56, 144, { groups: 144, stride: 2 }),
  convolution('stem', 3, 224, 64, { window: 7, stride: 2 }),
];

/** M rows of K channels are M pixels of a 1×1 convolution. */
export function gemm(m, n, k) {
  return { id: `gemm/${m}x${n}x${k}`, op: 'gemm', inC: k, inH: m, inW: 1, outC: n, outH: m, outW: 1, window: 1, stride: 1, groups: 1, pads: [0, 0, 0, 0], macs: m * n * k };
}

/** Padded as TensorFlow's SAME does, the one padding that every peer has: with stride 2 the odd row and column lie after the input. */
export function convolution(name, inC, size, outC, { window = 3, stride = 1, groups = 1 } = {}) {
  const out = Math.ceil(size / stride);
  const padding = Math.max((out - 1) * stride + window - size, 0);
  const before = padding >> 1;
  const pads = [before, before, padding - before, padding - before];
  const id = `${name}/${inC}x${size}x${size}${outC === inC ? '' : `-${outC}`}${stride === 1 ? '' : `-s${stride}`}`;
  const macs = out * out * outC * (inC / groups) * window * window;
  return { id, op: 'convolution', inC, inH: size, inW: size, outC, outH: out, outW: out, window, stride, groups, pads, macs };
}

export function workloads() {
  return SHAPES;
}

export function workload(id) {
  const found = SHAPES.find((shape) => shape.id === id);
  if (found === undefined) throw new RangeError(`no workload ${id}`);
  return found;
}

/** Seeded whole numbers in [lo, hi]: xorshift32. */
function codes(seed, length, [lo, hi]) {
  const result = new Int32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    result[i] = lo + ((state >>> 0) % (hi - lo + 1));
  }
  return result;
}

/** Input codes [inH][inW][inC]. */
export function inputCodes(shape, type) {
  return codes(1, shape.inH * shape.inW * shape.inC, TYPES[type].input);
}

/** Weight codes [outC][window][window][inC / groups] of one copy. */
export function weightCodes({ outC, window, inC, groups }, type, copy) {
  return codes(1000 + copy, outC * window * window * (inC / groups), TYPES[type].weight);
}

/** Bias [outC] in units of the accumulator. A product has none: QLinearMatMul takes none. */
export function biasCodes({ op, outC }, copy) {
  return op === 'gemm' ? new Int32Array(outC) : codes(2000 + copy, outC, [-1000, 1000]);
}

/** Requantization per channel: output = accumulator · multiplier / 2^(15 + shift), multipliers [outC] in [2^14, 2^15). */
export function requantization({ outC, inC, groups, window }, type) {
  const { input, weight, output } = TYPES[type];
  // Sums of random products spread with the root of their number; four deviations fill the output's range.
  const spread = 4 * Math.sqrt((inC / groups) * window * window) * (input[1] / 2) * (weight[1] / 2);
  const shift = Math.max(1, Math.round(Math.log2(spread / output[1])));
  return { shift, multipliers: codes(3000, outC, [16384, 32767]) };
}

/** From [outC][window][window][inC / groups] to another order of the same axes, such as 'oihw' or 'hwio'. */
export function weightsAs(order, shape, weights, Type, factor = 1) {
  const { outC, window, inC, groups } = shape;
  const sizes = { o: outC, h: window, w: window, i: inC / groups };
  const strides = { o: window * window * sizes.i, h: window * sizes.i, w: sizes.i, i: 1 };
  return reordered([...order], sizes, strides, weights, Type, factor);
}

/** From [inH][inW][inC] to another order, such as 'chw'. */
export function inputAs(order, { inH, inW, inC }, input, Type, factor = 1) {
  return reordered([...order], { h: inH, w: inW, c: inC }, { h: inW * inC, w: inC, c: 1 }, input, Type, factor);
}

function reordered(order, sizes, strides, values, Type, factor) {
  const result = new Type(values.length);
  let next = 0;
  const walk = (depth, from) => {
    const axis = order[depth];
    const stride = strides[axis];
    if (depth === order.length - 1) for (let i = 0; i < sizes[axis]; i++) result[next++] = values[from + i * stride] * factor;
    else for (let i = 0; i < sizes[axis]; i++) walk(depth + 1, from + i * stride);
  };
  walk(0, 0);
  return result;
}
