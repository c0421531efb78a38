/** Requantization between scales that are fixed already. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { powerOfTwo } from '../../ts/quantize/rounding.js';
import { elementwiseForm, type ElementwiseRequest } from '../../ts/quantize/scales/elementwise.js';

const sat16 = (x: number): number => Math.max(-32768, Math.min(32767, x));

/** SPEC 2.2 and 2.3 on one accumulator. */
function apply(form: NonNullable<ReturnType<typeof elementwiseForm>>, acc: number, [lo, hi]: readonly [number, number]): number {
  let q = acc;
  if (form.form === 'q15') {
    const t = form.shift >= 1 ? sat16(Math.floor((acc + powerOfTwo(form.shift - 1)) / powerOfTwo(form.shift))) : sat16(acc * powerOfTwo(-form.shift));
    q = Math.floor((t * form.multipliers[0]! + 16384) / 32768);
  } else if (form.form === 'exact') {
    q = Number(((BigInt(acc) << BigInt(form.left)) * BigInt(form.multipliers[0]!) + (1n << BigInt(form.shift - 1))) >> BigInt(form.shift));
  }
  return Math.max(lo, Math.min(hi, q));
}

/** The largest distance from the real result over the whole input range. */
function worst(request: ElementwiseRequest, form: NonNullable<ReturnType<typeof elementwiseForm>>): number {
  const [[lowest, highest]] = request.reach as readonly [readonly [number, number]];
  const [ratio] = request.ratios as readonly [number];
  let distance = 0;
  for (let acc = lowest; acc <= highest; acc++) {
    const real = Math.max(request.clamp[0], Math.min(request.clamp[1], acc * ratio));
    distance = Math.max(distance, Math.abs(apply(form, acc, request.clamp) - real));
  }
  return distance;
}

const CARRIER = [-32767, 32767] as const;

test('a ratio of 1 is a copy, in either mode', () => {
  const request = { ratios: [1], reach: [CARRIER], clamp: CARRIER } as const;
  assert.equal(elementwiseForm(request, 'auto'), { form: 'copy' });
  assert.equal(elementwiseForm(request, 'exact'), { form: 'copy' });
});

test('carrier to u8: every carrier within 0.7 of a code', () => {
  for (const ratio of [255 / 8191, 0.03, 0.0156, 0.05]) {
    const request = { ratios: [ratio], reach: [CARRIER], clamp: [0, 255] } as const;
    const form = elementwiseForm(request, 'auto')!;
    assert.is(form.form, 'q15');
    assert.ok(worst(request, form) < 0.7, `${ratio}: ${worst(request, form)}`);
  }
});

test('u8 to carrier: q15 with a shift to the left', () => {
  const request = { ratios: [31.7], reach: [[0, 255]], clamp: CARRIER } as const;
  const form = elementwiseForm(request, 'auto')!;
  assert.ok(form.form === 'q15' && form.shift < 0);
  assert.ok(worst(request, form) < 1);
});

test('carrier to carrier below 1 is q15 without a shift; above 1 t would saturate, so it is exact', () => {
  const below = elementwiseForm({ ratios: [0.83], reach: [CARRIER], clamp: CARRIER }, 'auto')!;
  assert.ok(below.form === 'q15' && below.shift === 0);
  const request = { ratios: [1.7], reach: [CARRIER], clamp: CARRIER } as const;
  const above = elementwiseForm(request, 'auto')!;
  assert.is(above.form, 'exact');
  assert.ok(worst(request, above) <= 0.5000001);
});

test('t may saturate on neither side where the clamp would show it', () => {
  for (const [lo, hi] of [[0, 32767], [-32767, 0]] as const) {
    const request = { ratios: [1.7], reach: [[lo, hi]], clamp: [lo, hi] } as const;
    const form = elementwiseForm(request, 'auto')!;
    assert.ok(worst(request, form) <= 0.5000001, `${form.form}: ${worst(request, form)}`);
    const hidden = { ...request, clamp: [lo / 128 | 0, hi / 128 | 0] } as const;
    assert.is(elementwiseForm(hidden, 'auto')!.form, 'q15', 'a clamp of 255 hides it');
  }
});

test('a tiny ratio is exact or within 2^-9', () => {
  for (let ratio = 1; ratio > 1e-9; ratio /= 3.7) {
    const form = elementwiseForm({ ratios: [ratio], reach: [CARRIER], clamp: CARRIER }, 'auto')!;
    if (form.form === 'q15') assert.ok(Math.abs(form.multipliers[0]! / powerOfTwo(15 + form.shift) / ratio - 1) <= 1 / 512);
  }
});

test('an average pool has one multiplier per divisor and one shift', () => {
  const divisors = [4, 6, 9];
  const form = elementwiseForm({ ratios: divisors.map((k) => 0.9 / k), reach: divisors.map((k) => [0, 255 * k]), clamp: [0, 255] }, 'auto')!;
  assert.ok(form.form === 'q15' && form.multipliers.length === 3);
  if (form.form === 'q15') for (const [i, k] of divisors.entries()) assert.ok(Math.abs(form.multipliers[i]! / powerOfTwo(15 + form.shift) / (0.9 / k) - 1) <= 1 / 512);
});

test.run();
