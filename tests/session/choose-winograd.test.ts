/** Which layers are proved to fit exact Winograd: at the bound, one past it, and everything that the kernel does not take. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntegerTensor, IntegerValue, Pair } from '../../ts/integer/integer-graph.js';
import { isWinograd } from '../../ts/session/lower/choose-winograd.js';
import type { LowerContext, OperationOf } from '../../ts/session/lower/context.js';
import type { Flavour } from '../../ts/wasm/engine.js';

const winograd = suite('choose winograd');

const value = (shape: readonly number[], range: Pair = [0, 15], zeroPoint = 0): IntegerValue => ({ name: 'x', dtype: 'u4', shape, scale: 1, zeroPoint, range });
const filters = (shape: readonly number[], fill: (codes: Int8Array) => void = () => undefined): IntegerTensor => {
  const data = new Int8Array(shape.reduce((product, size) => product * size, 1));
  fill(data);
  return { dtype: 'i4', shape, data };
};
const PLAIN = {
  op: 'conv2d', name: 'c', inputs: [0], outputs: [1], weight: 'w', bias: null, stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1], groups: 1,
  requantization: { form: 'copy' }, clamp: [0, 15],
} as const satisfies OperationOf<'conv2d'>;

interface Layer {
  readonly weight?: IntegerTensor;
  readonly operation?: Partial<OperationOf<'conv2d'>>;
  readonly flavour?: Flavour;
  readonly bias?: Int32Array | null;
  readonly input?: IntegerValue;
  readonly output?: IntegerValue;
}

function chosen({ weight = filters([8, 16, 3, 3]), operation = {}, flavour = 'relaxed', bias = null, input = value([1, 16, 4, 4]), output = value([1, 8, 4, 4]) }: Layer): boolean {
  const context = { engine: { flavour }, tensor: () => weight, weights: () => weight.data, bias: () => bias } as unknown as LowerContext;
  return isWinograd(context, { ...PLAIN, ...operation }, input, output);
}

winograd('takes what the kernel takes, where there are vectors', () => {
  for (const flavour of ['relaxed', 'simd128'] as const) assert.ok(chosen({ flavour }));
  assert.not(chosen({ flavour: 'scalar' }));
  for (const inC of [8, 17, 24]) assert.not(chosen({ weight: filters([8, inC, 3, 3]) }));
  assert.not(chosen({ weight: filters([8, 16, 3, 1]) }));
  assert.not(chosen({ weight: { ...filters([8, 16, 3, 3]), dtype: 'i8' } }));
  for (const operation of [{ stride: [1, 2] }, { dilation: [2, 1] }, { groups: 2 }] as const) assert.not(chosen({ operation }));
  assert.not(chosen({ input: value([1, 16, 4, 4], [0, 16]) }));
  assert.not(chosen({ input: value([1, 16, 4, 4], [-1, 15]) }));
  assert.not(chosen({ input: value([1, 16, 4, 4], [0, 15], 16) }));
});

winograd('saves products', () => {
  for (const [height, width, saves] of [[1, 1, false], [1, 3, false], [1, 9, true], [2, 1, true], [2, 2, true], [3, 3, true], [2, 3, true], [7, 7, true]] as const) {
    assert.is(chosen({ output: value([1, 8, height, width]) }), saves, `${height}×${width}`);
  }
});

winograd('the bound is 2^29, for either sign, bias and rounding included', () => {
  // 15·(7·5,113,056 + 2) = 2^29 − 2.
  const sevens = 5_113_056;
  const layer = (sign: number, last: number): IntegerTensor => filters([1, 568_128, 3, 3], (codes) => codes.fill(7 * sign, 0, sevens).fill(last * sign, sevens, sevens + 1));
  for (const sign of [1, -1]) {
    assert.ok(chosen({ weight: layer(sign, 2) }));
    assert.not(chosen({ weight: layer(sign, 3) }));
    assert.ok(chosen({ weight: layer(sign, 2), bias: Int32Array.of(sign) }));
    assert.not(chosen({ weight: layer(sign, 2), bias: Int32Array.of(2 * sign) }));
    const q15 = (shift: number): Partial<OperationOf<'conv2d'>> => ({ requantization: { form: 'q15', shift, multiplier: 'm' } });
    assert.ok(chosen({ weight: layer(sign, 2), operation: q15(0) }));
    assert.ok(chosen({ weight: layer(sign, 2), operation: q15(1) }));
    assert.not(chosen({ weight: layer(sign, 2), operation: q15(2) }));
    assert.not(chosen({ weight: layer(sign, 2), bias: Int32Array.of(sign), operation: q15(1) }));
  }
});

winograd.run();
