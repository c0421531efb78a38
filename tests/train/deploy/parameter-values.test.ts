/** Learned intervals as a deployed network takes them (SPEC 7.3). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DyadicError } from '../../../ts/errors.js';
import { symmetricCodes, unsignedCodes } from '../../../ts/train/deploy/learned-codes.js';
import { ParameterValues } from '../../../ts/train/deploy/parameter-values.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { trace } from '../../../ts/train/tape/trace.js';

const model = new Linear({ in: 2, out: 2, bits: { weight: 4, activation: 4, gradient: 4 } });
const tape = trace(model, [1, 2]);

/** The interval that a quantizer state stands for. */
function intervalOf(state: readonly number[]): number {
  const tensors = new Map([['weightInterval', { shape: [4], data: Float32Array.from(state) }]]);
  return new ParameterValues(tape, { tensors, gradients: new Map() }).interval(model.weightInterval!);
}

test('an interval counts by its size, and never as nothing', () => {
  assert.is(intervalOf([0.75, 0, 1, 0]), 0.75);
  assert.is(intervalOf([-0.75, 0, 1, 0]), 0.75);
  for (const tiny of [0, -0, 1e-12, -1e-12]) assert.is(intervalOf([tiny, 0, 1, 0]), Math.fround(1e-8));
});

test('one that no step has found is refused', () => {
  let code: string | undefined;
  try {
    intervalOf([0.75, 0, 0, 0]);
  } catch (error) {
    code = (error as DyadicError).code;
  }
  assert.is(code, 'ERR_ARGUMENT');
});

test('codes of every width', () => {
  assert.equal(symmetricCodes(0.7, 4), { scale: Math.fround(0.7 / 7), range: [-7, 7] });
  assert.equal(symmetricCodes(1, 2), { scale: 1, range: [-1, 1] });
  assert.equal(unsignedCodes(0.7, 4), { scale: Math.fround(0.7 / 15), range: [0, 15] });
  assert.equal(unsignedCodes(1, 8), { scale: Math.fround(1 / 255), range: [0, 255] });
});

test.run();
