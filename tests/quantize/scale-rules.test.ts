/** How layers with free weight scales are quantized (DESIGN §3.1, SPEC 2). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import type { LinearOp } from '../../ts/quantize/plan/plan.js';
import { powerOfTwo, roundHalfEven } from '../../ts/quantize/rounding.js';
import { exactForm } from '../../ts/quantize/scales/exact.js';
import { carrierFloor, carrierGrowth, linearQ15 } from '../../ts/quantize/scales/linear-q15.js';
import { type LinearRequest, quantizeLinear } from '../../ts/quantize/scales/quantize-linear.js';
import { idealWeightScales, quantizeChannel, weightLevels } from '../../ts/quantize/scales/weights.js';

const floors = (count: number, floor: number): number[] => new Array<number>(count).fill(floor);

/** A 1×1 convolution of one input channel per weight row. */
function layer(rows: readonly (readonly number[])[], bias: readonly number[] | null = null): LinearOp {
  return {
    kind: 'linear', form: 'conv2d', weightShape: [rows.length, rows[0]!.length, 1, 1], weight: Float64Array.from(rows.flat()), bias: bias && Float64Array.from(bias),
    stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1, elementwise: false,
  };
}

function request(op: LinearOp, change: Partial<LinearRequest> = {}): LinearRequest {
  const weightBits = change.weightBits ?? 8;
  return {
    name: 'layer', op, weightBits, idealScales: idealWeightScales(op, weightBits, 'minmax'), inputScale: Math.fround(1 / 255), inputRange: [0, 255],
    outputScale: Math.fround(2 / 255), floors: floors(op.weightShape[0]!, 256), requantization: 'auto', inputMeans: null, ...change,
  };
}

test('round half to even', () => {
  assert.equal([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, -0.6].map(roundHalfEven).map((x) => x + 0), [-2, -2, 0, 0, 2, 2, 2, -1]);
});

test('powers of two are exact', () => {
  for (const n of [-62, -15, 0, 1, 37, 62]) assert.is(powerOfTwo(n), 2 ** n);
});

test('the shift is the smallest with every multiplier at the floor', () => {
  const form = linearQ15(Float64Array.of(0.001, 0.002, 0.01), floors(3, 256))!;
  assert.is(Math.ceil(0.001 * powerOfTwo(15 + form.shift)) >= 256, true);
  assert.is(Math.ceil(0.001 * powerOfTwo(14 + form.shift)) < 256, true);
  assert.equal([...form.multipliers], [0.001, 0.002, 0.01].map((r) => Math.ceil(r * powerOfTwo(15 + form.shift))));
});

test('a dead channel takes the floor when nine of ten keep their scale', () => {
  const ratios = new Float64Array(10).fill(0.01);
  ratios[3] = 1e-8;
  const form = linearQ15(ratios, floors(10, 256))!;
  assert.is(form.multipliers[3], 256);
  assert.is(form.shift, linearQ15(new Float64Array(10).fill(0.01), floors(10, 256))!.shift);
});

test('two dead channels of ten raise the shift, or q15 does not hold', () => {
  const ratios = new Float64Array(10).fill(0.01);
  ratios[3] = ratios[4] = 0.001;
  assert.is(linearQ15(ratios, floors(10, 256))!.multipliers[3]! >= 256, true);
  ratios[3] = ratios[4] = 1e-6;
  assert.is(linearQ15(ratios, floors(10, 256)), null);
});

test('channels that never vary do not count among the ten', () => {
  const ratios = new Float64Array(10).fill(0.01);
  ratios[3] = ratios[4] = 1e-6;
  const form = linearQ15(ratios, floors(10, 256), Array.from(ratios, (ratio) => ratio > 1e-3))!;
  assert.equal([form.multipliers[3], form.multipliers[4]], [256, 256]);
});

test('a channel far above the others pushes q15 out of its 15 bits', () => {
  const ratios = new Float64Array(20).fill(0.001);
  ratios[0] = 0.128;
  assert.is(linearQ15(ratios, floors(20, 256)), null);
  ratios[0] = 0.1;
  assert.is(linearQ15(ratios, floors(20, 256))!.multipliers[0]! <= 32767, true);
});

test('all-zero weights take the largest multiplier', () => {
  const form = linearQ15(Float64Array.of(0, 0.004, 0.01), floors(3, 256))!;
  assert.is(form.multipliers[0], form.multipliers[2]);
  assert.is.not(linearQ15(new Float64Array(3), floors(3, 256)), null);
});

test('shifts stop at −15 and 22', () => {
  assert.is(linearQ15(Float64Array.of(1e6), floors(1, 256)), null);
  assert.is(linearQ15(Float64Array.of(2 ** -37 * 255), floors(1, 256)), null);
  assert.is(linearQ15(Float64Array.of(2 ** -37 * 256), floors(1, 256))!.shift, 22);
});

test('the multiplier is the scale exactly', () => {
  const op = layer([[1e-9, 2e-9], [0, 0], [0.01, 0.02], ...new Array<number[]>(8).fill([0.3, -0.7])], Array.from({ length: 11 }, (_, c) => c / 10 - 0.4));
  const { form, weightScales, bias } = quantizeLinear(request(op));
  assert.is(form.form, 'q15');
  if (form.form !== 'q15') return;
  for (const [c, scale] of weightScales.entries()) {
    const ratio = (Math.fround(1 / 255) * scale) / Math.fround(2 / 255);
    assert.ok(Math.abs(ratio * powerOfTwo(15 + form.shift) - form.multipliers[c]!) < 1e-6);
    assert.is(bias![c], roundHalfEven(op.bias![c]! / (Math.fround(1 / 255) * scale)));
  }
});

test('weights stay inside int8 and int4, and the largest uses the range', () => {
  const op = layer([[0.3, -0.7, 0.1], [5, 4.9, -5]]);
  for (const [bits, top] of [[8, 127], [4, 7]] as const) {
    const { weights } = quantizeLinear(request(op, { weightBits: bits, floors: floors(2, 256) }));
    for (const c of [0, 1]) {
      const largest = Math.max(...weights.subarray(c * 3, c * 3 + 3).map(Math.abs));
      assert.ok(largest <= top && largest >= top - (bits === 8 ? 1 : 0), `${bits} bits: ${largest}`);
    }
  }
});

test('a carrier keeps what its channels reach inside 16 bits', () => {
  const ratios = Float64Array.of(0.3, 0.25, 0.28);
  const reaches = Float64Array.of(16382, 12000, 9000);
  const form = linearQ15(ratios, reaches.map(carrierFloor))!;
  for (const [c, b] of form.multipliers.entries()) assert.ok((reaches[c]! * 32768) / b <= 32767);
  const finer = Array.from(ratios, (r) => Math.ceil(r * powerOfTwo(14 + form.shift)));
  assert.ok(finer.some((b, c) => (reaches[c]! * 32768) / b > 32767), 'a smaller shift would saturate');
});

test('a carrier whose channels differ too much grows its scale by a power of two', () => {
  const ratios = Float64Array.of(0.9, 0.2, 0.2);
  const reaches = Float64Array.of(10000, 16382, 16382);
  assert.is(linearQ15(ratios, reaches.map(carrierFloor)), null);
  const growth = carrierGrowth(ratios, reaches);
  assert.ok(growth > 1);
  assert.is.not(linearQ15(ratios.map((r) => r / growth), reaches.map((r) => carrierFloor(r / growth))), null);
});

test('exact: the largest multiplier has 31 bits, left and shift are in range', () => {
  for (const top of [1e-9, 0.0013, 0.25, 0.5, 0.75, 1, 3.3, 1000, 2 ** 20]) {
    const form = exactForm([top, top / 3, 0])!;
    const largest = form.multipliers[0]!;
    assert.ok(form.left >= 0 && form.left <= 24 && form.shift >= 33 && form.shift <= 62, `${top}: left ${form.left}, shift ${form.shift}`);
    if (top > 1e-8) assert.ok(largest >= 2 ** 30 && largest <= 2 ** 31 - 1, `${top}: ${largest}`);
    assert.ok(Math.abs((largest * powerOfTwo(form.left)) / powerOfTwo(form.shift) / top - 1) < 2 ** -29);
    assert.is(form.multipliers[2], largest);
    assert.is(form.left, Math.max(0, 33 - (form.shift - form.left)), 'no more to the left than the smallest shift asks');
  }
  assert.is(exactForm([2 ** 22]), null);
  assert.is(exactForm([2 ** 22 - 1])!.left, 24);
});

test('exact on request, with scales of its own', () => {
  const op = layer([[0.3, -0.7], [0.01, 0.02]], [0.1, 0.2]);
  const { form, weightScales } = quantizeLinear(request(op, { requantization: 'exact' }));
  assert.is(form.form, 'exact');
  const ideal = idealWeightScales(op, 8, 'minmax');
  for (const c of [0, 1]) assert.ok(Math.abs(weightScales[c]! / ideal[c]! - 1) < 2 ** -22);
});

test('a channel that would break the accumulator clause gets a coarser scale', () => {
  const op = layer([[1e-7, 0], ...new Array<number[]>(9).fill([0.5, 0.4])], new Array<number>(10).fill(100));
  const plain = quantizeLinear(request(op, { requantization: 'exact' }));
  assert.ok(Math.abs(plain.bias![0]!) < 2 ** 31);
  assert.ok(plain.weightScales[0]! > idealWeightScales(op, 8, 'minmax')[0]! * 1.9);
});

test('a bias that no scale holds is ERR_ACCUMULATOR with the name of the layer', () => {
  assert.throws(
    () => quantizeLinear(request(layer([[0.5, 0.5]], [1e30]))),
    (error: unknown) => error instanceof DyadicError && error.code === 'ERR_ACCUMULATOR' && error.message.includes('"layer"'),
  );
});

test('bias correction adds what the weights lose on average', () => {
  const op = layer([[0.7, 0.123, -0.345]], [0]);
  const change = { weightBits: 4 as const, inputScale: 0.01 };
  const plain = quantizeLinear(request(op, change));
  const means = [1, 2, 3];
  const corrected = quantizeLinear(request(op, { ...change, inputMeans: (c) => means[c]! }));
  const scale = plain.weightScales[0]!;
  const lost = means.reduce((sum, mean, i) => sum + (op.weight[i]! - plain.weights[i]! * scale) * mean, 0);
  assert.is(corrected.bias![0], roundHalfEven(lost / (0.01 * scale)));
  assert.is.not(corrected.bias![0], 0);
});

test('bias correction of a grouped layer reads the means of its own group', () => {
  const op: LinearOp = { ...layer([[0.7, 0.123], [0.7, 0.123]], [0, 0]), groups: 2 };
  const { bias, weights, weightScales } = quantizeLinear(request(op, { weightBits: 4, inputScale: 0.01, inputMeans: (c) => [0, 0, 5, 9][c]! }));
  const lost = (0.7 - weights[2]! * weightScales[1]!) * 5 + (0.123 - weights[3]! * weightScales[1]!) * 9;
  assert.equal([...bias!], [0, roundHalfEven(lost / (0.01 * weightScales[1]!))]);
  assert.is.not(bias![1], 0);
});

test('least-error weight scales are never worse than min-max ones', () => {
  const op = layer([[0.1, 0.12, -0.09, 0.11, 1.0], [1, 1, 1, 1, 1]]);
  const [plain, chosen] = (['minmax', 'mse'] as const).map((method) => idealWeightScales(op, 4, method));
  const error = (scale: number, row: number): number =>
    [...op.weight.subarray(row * 5, row * 5 + 5)].reduce((sum, w) => sum + (w - Math.max(-7, Math.min(7, roundHalfEven(w / scale))) * scale) ** 2, 0);
  for (const row of [0, 1]) assert.ok(error(chosen![row]!, row) <= error(plain![row]!, row));
  assert.is(chosen![1], plain![1]);
});

test('weight codes: levels, half to even, clamped', () => {
  assert.equal([weightLevels(8), weightLevels(4)], [127, 7]);
  assert.equal([...idealWeightScales(layer([[0, -254], [0, 0]]), 8, 'minmax')], [2, 0]);
  const codes = new Int8Array(8);
  quantizeChannel(Float64Array.of(0.5, 1.5, 2.5, -0.5, -2.5, 200, -200, 126.5), 1, 127, codes);
  assert.equal([...codes], [0, 2, 2, 0, -2, 127, -127, 126]);
});

test('least-error weight scales go down to half the range for one outlier', () => {
  const grid = Array.from({ length: 1000 }, (_, i) => ((i % 8) * 0.5) / 7);
  const [scale] = idealWeightScales(layer([[...grid, 1]]), 4, 'mse');
  assert.ok(Math.abs(scale! - 0.5 / 7) < 1e-12, String(scale));
});

test('the floor of a carrier counts that t ends at 32767', () => {
  assert.equal([0, 1, 100, 16000, 32766].map(carrierFloor), [1, 2, 101, 16001, 32767]);
});

test('a carrier grows by up to 8', () => {
  // At growth g the largest ratio allows 2^s < g / 0.9 and the floor of the others asks for 0.06·2^(15+s)/g ≥ reach/g.
  for (const [ratio, growth] of [[0.4, 1], [0.3, 2], [0.15, 4], [0.075, 8], [0.03, 1]] as const) {
    const ratios = Float64Array.of(0.9, ...new Array<number>(9).fill(ratio), ratio);
    const reaches = Float64Array.of(1000, ...new Array<number>(10).fill(10000));
    assert.is(carrierGrowth(ratios, reaches), growth, String(ratio));
  }
});

test('the accumulator clause to the last unit, and doubled multipliers beyond it', () => {
  // Scales of 1: codes are the weights, the bias its own code. The ratio 1 takes l = 3, so sums stay below 2^28.
  const at = (bias: number): LinearRequest => request(layer([[127, -127]], [bias]), { requantization: 'exact', inputScale: 1, outputScale: 1 });
  const most = 2 ** 28 - 1 - 127 * 255;
  for (const bias of [most, -most]) assert.equal([...quantizeLinear(at(bias)).bias!], [bias]);
  for (const bias of [most + 1, -most - 1]) assert.throws(() => quantizeLinear(at(bias)), (error: unknown) => error instanceof DyadicError && error.code === 'ERR_ACCUMULATOR');
  const rows = [[1e-4, 0], [0.5, 0.4]];
  const plain = quantizeLinear(request(layer(rows, [0, 0]), { requantization: 'exact' })).form.multipliers;
  const doubled = quantizeLinear(request(layer(rows, [50, 0]), { requantization: 'exact' })).form.multipliers;
  assert.ok(Math.log2(doubled[0]! / plain[0]!) >= 1 && Number.isInteger(Math.log2(doubled[0]! / plain[0]!)), `${plain[0]} and ${doubled[0]}`);
  assert.is(doubled[1], plain[1]);
});

test.run();
