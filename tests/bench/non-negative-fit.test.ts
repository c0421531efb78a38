/** The fit behind `npm run tune`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error a script without types
import { fitNonNegative } from '../../bench/non-negative-fit.mjs';

const test = suite('non-negative fit');
const fit = fitNonNegative as (rows: readonly { features: readonly number[]; target: number }[]) => number[];

test('finds coefficients of very different size', () => {
  const truth = [0.02, 3, 500];
  const rows = [[1e6, 200, 1], [4e6, 100, 1], [1e5, 4000, 1], [3e3, 10, 1], [5e6, 9000, 1]].map((features) => ({ features, target: features.reduce((sum, x, i) => sum + x * (truth[i] as number), 0) }));
  fit(rows).forEach((value, i) => assert.ok(Math.abs(value / (truth[i] as number) - 1) < 1e-3, `${value}`));
});

test('a coefficient that would be negative is 0', () => {
  const rows = [1, 2, 3, 4].map((x) => ({ features: [x, 1], target: 2 * x - 1 }));
  const [slope, constant] = fit(rows) as [number, number];
  assert.is(constant, 0);
  assert.ok(slope > 1 && slope < 2);
});

test.run();
