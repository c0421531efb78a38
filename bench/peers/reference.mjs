/** The answer in plain JavaScript, at sample positions: SPEC 3.1 by its sum. */
import { biasCodes, inputCodes, requantization, TYPES, weightCodes } from './workloads.mjs';

const SAMPLES = 997;

/** Positions over the whole output, its corners among them. */
function positions({ outH, outW, outC }) {
  const last = outH * outW * outC - 1;
  return Array.from({ length: SAMPLES }, (_, i) => {
    const at = Math.floor((last * i) / (SAMPLES - 1));
    return { y: Math.floor(at / (outW * outC)), x: Math.floor(at / outC) % outW, channel: at % outC };
  });
}

/** Σ w·x and Σ |w·x| over the taps inside the input. */
function sumAt(shape, input, weights, { y, x, channel }) {
  const { inH, inW, inC, outC, window, stride, groups, pads } = shape;
  const channels = inC / groups;
  const first = Math.floor(channel / (outC / groups)) * channels;
  let sum = 0;
  let size = 0;
  for (let ky = 0; ky < window; ky++) {
    for (let kx = 0; kx < window; kx++) {
      const iy = y * stride + ky - pads[0];
      const ix = x * stride + kx - pads[1];
      if (iy < 0 || iy >= inH || ix < 0 || ix >= inW) continue;
      for (let c = 0; c < channels; c++) {
        const product = weights[((channel * window + ky) * window + kx) * channels + c] * input[(iy * inW + ix) * inC + first + c];
        sum += product;
        size += Math.abs(product);
      }
    }
  }
  return { sum, size };
}

/** SPEC 2.2 with shift ≥ 1, clamped to the output's codes. */
export function requantize(sum, shift, multiplier, [lo, hi]) {
  const carrier = Math.max(-32768, Math.min(32767, (sum + 2 ** (shift - 1)) >> shift));
  return Math.max(lo, Math.min(hi, (carrier * multiplier + 2 ** 14) >> 15));
}

/** What the first copy must give: { y, x, channel, value, tolerance } per position. Values are floats for f32, else output codes. */
export function expected(shape, type, exact) {
  const input = inputCodes(shape, type);
  const weights = weightCodes(shape, type, 0);
  const bias = biasCodes(shape, 0);
  return positions(shape).map((position) => {
    const { sum, size } = sumAt(shape, input, weights, position);
    if (type === 'f32') return { ...position, value: sum / 128 ** 2, tolerance: (size / 128 ** 2) * 1e-5 };
    const { shift, multipliers } = requantization(shape, type);
    const value = requantize(sum + bias[position.channel], shift, multipliers[position.channel], TYPES[type].output);
    // Other runtimes round the real quotient once, in float: half a code here can be a whole one there.
    return { ...position, value, tolerance: exact ? 0 : 1 };
  });
}

/** Throws unless `at(y, x, channel)` gives the expected values. */
export function verify(shape, type, at, { exact = false } = {}) {
  const wanted = expected(shape, type, exact);
  if (new Set(wanted.map(({ value }) => value)).size < 8) throw new Error(`${shape.id} ${type}: the expected values are all alike`);
  for (const { y, x, channel, value, tolerance } of wanted) {
    const got = at(y, x, channel);
    if (!(Math.abs(got - value) <= tolerance)) throw new Error(`${shape.id} ${type}: output [${y}, ${x}, ${channel}] is ${got}, plain JavaScript says ${value}`);
  }
}
