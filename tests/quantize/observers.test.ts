/** Observers against definitions that sort. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ChannelStatistics } from '../../ts/quantize/calibration/channels.js';
import { preprocessRange } from '../../ts/quantize/calibration/preprocess-range.js';
import { HISTOGRAM_BINS } from '../../ts/quantize/observers/histogram.js';
import { MinMaxObserver } from '../../ts/quantize/observers/minmax.js';
import { MseObserver } from '../../ts/quantize/observers/mse.js';
import { PercentileObserver } from '../../ts/quantize/observers/percentile.js';
import { roundHalfEven } from '../../ts/quantize/rounding.js';
import { noise } from './networks.js';

const random = noise(7);
/** Heavy-tailed: cubes of uniform numbers, with exact zeros between them. */
const data = Float32Array.from({ length: 20000 }, (_, i) => (i % 5 === 0 ? 0 : random() ** 3 * 4));
const top = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

test('min-max over several samples', () => {
  const observer = new MinMaxObserver();
  observer.observe(Float32Array.of(1, -3, 2));
  observer.observe(Float32Array.of(2.5, 0));
  assert.equal([observer.lo, observer.hi, observer.limit()], [-3, 2.5, 3]);
  assert.is(new MinMaxObserver().limit(), 0);
});

test('percentile: within one bin of the sorted definition', () => {
  const sorted = [...data].map(Math.abs).sort((a, b) => a - b);
  for (const percentile of [50, 90, 99, 99.9, 100]) {
    const observer = new PercentileObserver(top, percentile);
    observer.observe(data);
    const naive = sorted[Math.ceil((sorted.length * percentile) / 100) - 1]!;
    assert.ok(Math.abs(observer.limit() - naive) <= top / HISTOGRAM_BINS, `${percentile}: ${observer.limit()} and ${naive}`);
    assert.ok(observer.limit() >= naive);
  }
});

test('mse: no tried limit has a smaller error on the data', () => {
  const error = (limit: number, levels: number): number =>
    data.reduce((sum, x) => sum + (Math.abs(x) - Math.min(levels, roundHalfEven((Math.abs(x) * levels) / limit)) * (limit / levels)) ** 2, 0);
  for (const levels of [15, 127]) {
    const observer = new MseObserver(top);
    observer.observe(data);
    const chosen = error(observer.limit(levels), levels);
    for (let i = 13; i <= 100; i++) assert.ok(chosen <= error((top * i) / 100, levels) * 1.02, `${levels} levels, limit ${i} %`);
  }
  const observer = new MseObserver(top);
  observer.observe(data);
  assert.ok(observer.limit(15) < observer.limit(255));
});

test('nothing but zeros has limit 0', () => {
  for (const observer of [new MseObserver(0), new PercentileObserver(0, 99)]) {
    observer.observe(new Float32Array(5));
    assert.is(observer.limit(15), 0);
  }
});

test('channel sums, means and extremes', () => {
  const statistics = new ChannelStatistics({ channels: 2, inner: 3 });
  statistics.observe(Float32Array.of(1, 2, 3, -4, 5, -6));
  statistics.observe(Float32Array.of(0, 0, 0, 0, 0, 11));
  assert.equal([statistics.mean(0), statistics.mean(1)], [1, 1]);
  assert.equal([[...statistics.lo], [...statistics.hi]], [[0, -6], [3, 11]]);
});

test('the range of pixels follows from mean and std', () => {
  const { lo, hi } = preprocessRange({ size: [1, 1], fit: 'crop', channels: 'rgb', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], labels: null });
  assert.ok(Math.abs(lo - -0.485 / 0.229) < 1e-6 && Math.abs(hi - (1 - 0.406) / 0.225) < 1e-6);
  assert.is(Math.fround(lo), lo);
});

test('zeros are no magnitudes: most of a value may be 0', () => {
  const observer = new PercentileObserver(1, 50);
  observer.observe(Float32Array.from({ length: 100 }, (_, n) => (n < 90 ? 0 : 1)));
  assert.is(observer.limit(15), 1);
});

test('mse gives one outlier up', () => {
  const observer = new MseObserver(1);
  observer.observe(Float32Array.from({ length: 1000 }, (_, n) => (n === 0 ? 1 : (n % 200) / 1000)));
  assert.ok(observer.limit(7) < 0.45, String(observer.limit(7)));
});

test.run();
