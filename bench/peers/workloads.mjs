/** What everyone computes: the shapes, and the same numbers for all. */

/** Codes of the input, of the weights and of the output. f32 takes the codes of the first two divided by 128. */
export const TYPES = {
  f32: { input: [-128, 127], weight: [-128, 127] },
  n8: { input: [0, 127], weight: [-127, 127], output: [0, 127] },
  int8: { input: [0, 255], weight: [-127, 127], output: [0, 255] },
  s8: { input: [-128, 127], weight: [-127, 127], output: [-128, 127] },
  w4a8: { input: [0, 255], weight: [-7, 7], output: [0, 255] },
  int4: { input: [0, 15], weight: [-7, 7], output: [0, 15] },
};

/** How many copies of an operation, each with weights of its own, the longer graph of a pair has. */
const COPIES = 5;

/** M rows of K channels are M pixels of a 1×1 convolution. `copies` may differ from the usual number. */
export function gemm(m, n, k, { copies = COPIES } = {}) {
  return { id: `gemm/${m}x${n}x${k}`, op: 'gemm', inC: k, inH: m, inW: 1, outC: n, outH: m, outW: 1, window: 1, stride: 1, groups: 1, pads: [0, 0, 0, 0], macs: m * n * k, copies };
}

/** Padded as TensorFlow's SAME does, the one padding that every peer has: with stride 2 the odd row and column lie after the input. */
export function convolution(name, [inC, inH, inW], outC, { window = 3, stride = 1, groups = 1, copies = COPIES } = {}) {
  const [outH, outW] = [inH, inW].map((size) => Math.ceil(size / stride));
  const [padH, padW] = [[inH, outH], [inW, outW]].map(([size, out]) => Math.max((out - 1) * stride + window - size, 0));
  const pads = [padH >> 1, padW >> 1, padH - (padH >> 1), padW - (padW >> 1)];
  const id = `${name}/${inC}x${inH}x${inW}${outC === inC ? '' : `-${outC}`}${stride === 1 ? '' : `-s${stride}`}`;
  const macs = outH * outW * outC * (inC / groups) * window * window;
  return { id, op: 'convolution', inC, inH, inW, outC, outH, outW, window, stride, groups, pads, macs, copies };
}

/** A graph of floats takes 4 bytes per weight: where integers need many copies to be cold, floats need few. */
export function copiesOf({ copies }, type) {
  return type === 'f32' ? Math.min(copies, COPIES) : copies;
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
