/** The plain JavaScript that judges everyone in `npm run bench:peers` rounds as SPEC 2.2 does. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { requantize } from '../../bench/peers/reference.mjs';

interface Vector {
  readonly acc: readonly number[];
  readonly q: readonly number[];
  readonly clamp: readonly [number, number];
  readonly zeroPoint: number;
  readonly requantization: { readonly form: string; readonly shift: number; readonly multiplier: number };
}

const reference = suite('bench/peers reference');

reference('requantizes as the vectors of SPEC 2.2 say', () => {
  const vectors = JSON.parse(readFileSync(new URL('../vectors/requantize.json', import.meta.url), 'utf8')) as Vector[];
  const usable = vectors.filter(({ requantization: { form, shift }, zeroPoint }) => form === 'q15' && shift >= 1 && zeroPoint === 0);
  assert.ok(usable.length > 0);
  for (const { acc, q, clamp, requantization } of usable) {
    // The benchmark's sums leave room for the rounding, as the accumulator clause demands.
    acc.forEach((sum, i) => {
      if (Math.abs(sum) < 2 ** 30) assert.is(requantize(sum, requantization.shift, requantization.multiplier, clamp), q[i]);
    });
  }
});

reference.run();
