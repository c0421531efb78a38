/** One layer in wasm memory: packed weights, an input, a step that runs it, and the same answer from a plain loop. */
import { winogradPart } from '../dist/session/winograd-bound.js';
import { chooseDot } from '../dist/session/lower/choose-dot.js';
import { Container, Form, KERNELS, writeParams } from '../dist/wasm/params.js';

/** Seeded numbers in [lo, hi]: xorshift32. */
function codes(seed, length, [lo, hi]) {
  let state = seed;
  return Int32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return lo + ((state >>> 0) % (hi - lo + 1));
  });
}

/** Everything the layer is made of, as numbers. Weights [outC][inC][window][window], input [inH][inW][inC]. */
export function makeLayer(geometry, type) {
  const { inH, inW, inC, outC, window } = geometry;
  const layer = {
    ...geometry,
    type,
    input: codes(1, inH * inW * inC, type.input),
    weight: codes(2, outC * inC * window * window, type.weight),
    bias: codes(3, outC, [-1000, 1000]),
    multiplier: codes(4, outC, [16384, 32767]),
  };
  const sums = accumulate(layer);
  const largest = sums.reduce((most, sum) => Math.max(most, Math.abs(sum)), 1);
  let shift = 1;
  while (largest / 2 ** shift > type.output[1]) shift++;
  return { ...layer, shift, expected: requantize(layer, sums, shift) };
}

/** SPEC 3.1 by its sum, no reordering. */
function accumulate({ inH, inW, inC, outC, window, pad, input, weight, bias }) {
  const sums = new Int32Array(inH * inW * outC);
  for (let y = 0; y < inH; y++) {
    for (let x = 0; x < inW; x++) {
      for (let oc = 0; oc < outC; oc++) {
        let sum = bias[oc];
        for (let ky = 0; ky < window; ky++) {
          for (let kx = 0; kx < window; kx++) {
            const iy = y + ky - pad;
            const ix = x + kx - pad;
            if (iy < 0 || iy >= inH || ix < 0 || ix >= inW) continue;
            const from = (iy * inW + ix) * inC;
            for (let ic = 0; ic < inC; ic++) sum += weight[((oc * inC + ic) * window + ky) * window + kx] * input[from + ic];
          }
        }
        sums[(y * inW + x) * outC + oc] = sum;
      }
    }
  }
  return sums;
}

/** SPEC 2.2 for shifts of 1 and more. */
function requantize({ outC, multiplier, type }, sums, shift) {
  const [lo, hi] = type.output;
  return Uint8Array.from(sums, (sum, i) => {
    const carrier = Math.max(-32768, Math.min(32767, (sum + 2 ** (shift - 1)) >> shift));
    return Math.max(lo, Math.min(hi, (carrier * multiplier[i % outC] + 2 ** 14) >> 15));
  });
}

/** The dot product of bytes that a Program would take on this engine, null for that of i16. */
function dotOf(engine, type) {
  return chooseDot(engine.lowering, { range: type.input, zeroPoint: 0 }, { dtype: isNibble(type.weight) ? 'i4' : 'i8' });
}

/** The kernel that runs such a layer direct. */
function directOf(engine, { inC, outC, window, type }) {
  if (dotOf(engine, type) !== null) return 'direct_bytes';
  const isPaired = engine.flavour === 'simd128' && type.input[0] >= 0 && type.input[1] <= 15 && isNibble(type.weight) && outC % 16 === 0 && inC * window ** 2 * 105 < 2 ** 19;
  return isPaired ? 'direct_paired' : 'direct_i16';
}

function isNibble([lo, hi]) {
  return lo >= -8 && hi <= 7;
}

/**
 * Puts the layer into `engine`, to run by `algorithm`: 'direct', 'winograd_f23' or 'winograd_f43'. `run` is one inference, `output` reads its codes,
 * `instruction` is what it multiplies by. With several `copies` of the packed weights runs take turns among them: weights are then as cold as in a network.
 * `direct` names the kernel of a direct layer, by default the one that a Program would take.
 */
export function place(engine, layer, algorithm, { copies = 1, direct = directOf(engine, layer) } = {}) {
  const { inH, inW, inC, outC, window, pad, shift, type } = layer;
  const put = (values, Type) => {
    const data = Type.from(values);
    const address = engine.allocate(data.byteLength);
    engine.bytes(address, data.byteLength).set(new Uint8Array(data.buffer));
    return address;
  };
  const dot = algorithm === 'direct' && direct === 'direct_bytes' ? dotOf(engine, type) : null;
  const kernel = algorithm === 'direct' ? { direct_i16: 'conv2d', direct_paired: 'conv2d_paired', direct_bytes: 'conv2d_relaxed' }[direct] : algorithm;
  const weightBytes = {
    conv2d: () => engine.packedConv2dBytes(inC, outC, window, window),
    conv2d_paired: () => engine.packedConv2dPairedBytes(inC, outC, window, window),
    conv2d_relaxed: () => engine.packedConv2dRelaxedBytes(inC, outC, window, window),
    winograd_f23: () => engine.packedWinogradF23Bytes(inC, outC),
    winograd_f43: () => engine.packedWinogradF43Bytes(inC, outC),
  };
  const packed = {
    packedWeightsOffset: engine.allocate(weightBytes[kernel]()),
    packedBiasOffset: engine.allocate(4 * engine.packedChannels(outC)),
    packedMultiplierOffset: engine.allocate(4 * engine.packedChannels(outC)),
  };
  const pack = {
    weightsOffset: put(layer.weight, Int8Array), biasOffset: put(layer.bias, Int32Array), multiplierOffset: put(layer.multiplier, Int32Array),
    multiplierCount: outC, inZeroPoint: 0, inC, outC, kernelH: window, kernelW: window, ...packed,
  };
  const outputOffset = engine.allocate(inH * inW * outC);
  const convolution = {
    inputOffset: put(layer.input, Uint8Array), weightsOffset: packed.packedWeightsOffset, biasOffset: packed.packedBiasOffset,
    multiplierOffset: packed.packedMultiplierOffset, outputOffset,
    inContainer: Container.u8, inH, inW, inC, inStride: inC, inZeroPoint: 0,
    outContainer: Container.u8, outH: inH, outW: inW, outC, outStride: outC,
    kernelH: window, kernelW: window, strideH: 1, strideW: 1, padTop: pad, padLeft: pad, dilationH: 1, dilationW: 1, groups: 1,
    form: Form.q15, shift, left: 0, outZeroPoint: 0, lo: type.output[0], hi: type.output[1], batch: 1,
    partC: algorithm === 'winograd_f43' ? winogradPart(layer.weight, [outC, inC], type.input, 0) : inC,
  };
  const addresses = [packed.packedWeightsOffset, ...Array.from({ length: copies - 1 }, () => engine.allocate(weightBytes[kernel]()))];
  const steps = addresses.map((weightsOffset) => [kernel, { ...convolution, weightsOffset, dot }]);
  const table = stepTable(engine, [[`pack_${kernel}`, { ...pack, inContainer: Container.u8, dot }], ...steps]);
  const scratchBytes = engine.scratchBytes(table, 0, 2);
  const scratch = engine.allocate(scratchBytes);
  engine.runInteger(table, 0, 1, scratch, scratchBytes);
  const bytes = engine.bytes(packed.packedWeightsOffset, weightBytes[kernel]()).slice();
  for (const address of addresses) engine.bytes(address, bytes.length).set(bytes);
  let turn = 0;
  return {
    run: () => {
      turn = (turn % copies) + 1;
      engine.runInteger(table, turn, turn + 1, scratch, scratchBytes);
    },
    output: () => engine.bytes(outputOffset, inH * inW * outC),
    instruction: kernel === 'conv2d_relaxed' || (kernel === 'winograd_f23' && engine.lowering !== 'none') ? 'relaxed_dot' : 'i16_dot',
  };
}

/** Rows of kernel number and address of its parameters. */
function stepTable(engine, steps) {
  const addresses = steps.map(([kernel, params]) => {
    const words = KERNELS[kernel].fields.length;
    const address = engine.allocate(4 * words);
    writeParams(engine.i32(address, words), kernel, params);
    return address;
  });
  const table = engine.allocate(8 * steps.length);
  engine.i32(table, 2 * steps.length).set(steps.flatMap(([kernel], i) => [KERNELS[kernel].id, addresses[i]]));
  return table;
}

/** Throws unless the kernel gives the plain loop's answer, code for code. */
export function verify(placed, layer, name) {
  const got = placed.output();
  const at = layer.expected.findIndex((code, i) => code !== got[i]);
  if (at >= 0) throw new Error(`${name}: output ${at} is ${got[at]}, the plain loop says ${layer.expected[at]}`);
}
