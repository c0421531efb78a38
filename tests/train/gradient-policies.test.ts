/** The gradient policies on frozen gradients: research §1.5, §1.9 (c), (d), (e), §2.1. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dai8 } from '../../ts/train/gradient/dai8.js';
import { dsgc, learningRateScale } from '../../ts/train/gradient/dsgc.js';
import { expectedMoments } from '../../ts/train/gradient/expected-error.js';
import { clippedTarget, interval, type IntervalOptions } from '../../ts/train/gradient/interval.js';
import { minmax } from '../../ts/train/gradient/minmax.js';
import { mse } from '../../ts/train/gradient/mse.js';
import { GRADIENT_POLICIES } from '../../ts/train/gradient/policies.js';
import type { GradientPolicy, GradientState } from '../../ts/train/gradient/policy.js';
import { ratioBeyond } from '../../ts/train/gradient/quantile.js';
import { fractionBeyond, gaussian, heavyTailed, laplace, statisticsOf, uniform } from './gradient-samples.js';

const policies = suite('gradient policies');
const HEAVY = heavyTailed(100_000, 1);
const maximumOf = (gradient: Float32Array): number => statisticsOf(gradient, 4, undefined).maximum;

interface Step {
  readonly gamma: number;
  readonly clip: number;
  readonly fraction: number;
  readonly isMeasuring: boolean;
}

/** Steps of a policy on gradients that repeat. */
function simulate(policy: GradientPolicy, gradients: readonly Float32Array[], steps: number, bits = 4): Step[] {
  let state: GradientState = policy.initial();
  let previous: number | undefined;
  return Array.from({ length: steps }, (_, step) => {
    const gradient = gradients[step % gradients.length] as Float32Array;
    const isMeasuring = policy.isMeasuring?.(state) ?? false;
    const decision = policy.decide(statisticsOf(gradient, bits, previous), state);
    previous = fractionBeyond(gradient, decision.clip);
    // A checkpoint writes the state as JSON.
    state = JSON.parse(JSON.stringify(decision.state)) as GradientState;
    return { gamma: (state.gamma as number | undefined) ?? 1, clip: decision.clip, fraction: previous, isMeasuring };
  });
}

policies('min-max clips nothing', () => {
  for (const step of simulate(minmax(), [HEAVY], 2)) assert.equal([step.clip, step.fraction], [maximumOf(HEAVY), 0]);
});

policies('an interval that may not be below 1 is min-max', () => {
  for (const step of simulate(interval({ minimum: 1 }), [HEAVY], 5, 8)) assert.equal([step.clip, step.fraction], [maximumOf(HEAVY), 0]);
});

policies('the interval comes to rest where the target fraction is clipped, from either start', () => {
  const target = clippedTarget(1e-3, 4);
  // The first γ on the way down with more than the target beyond it.
  const exact = ratioBeyond(statisticsOf(HEAVY, 4, undefined).histogram(100_000), target);
  for (const start of ['quantile', 'paper'] as const) {
    const steps = simulate(interval({ start }), [HEAVY], 700).slice(-100);
    for (const { gamma } of steps) assert.ok(Math.abs(gamma - exact) <= 0.0021, `${start}: ${gamma}, not ${exact}`);
    assert.ok(steps.some(({ fraction }) => fraction > target) && steps.some(({ fraction }) => fraction < target), start);
  }
});

policies('the quantile start is there at once', () => {
  for (const gradient of [HEAVY, laplace(200_000, 2), gaussian(200_000, 3)]) {
    const [first] = simulate(interval(), [gradient], 1) as [Step];
    const target = clippedTarget(1e-3, 4);
    assert.ok(first.fraction > target * 0.7 && first.fraction < target * 1.4, String(first.fraction));
  }
});

/** The released code, which moves γ at the end of a step (research §1.5), in plain loops. */
function released(gradients: readonly Float32Array[], steps: number, bits: number, start: 'quantile' | 'paper', gammaOfQuantile: number): number[] {
  const target = 1e-3 / (2 ** bits - 1);
  const used: number[] = [];
  let gamma = gammaOfQuantile;
  for (let step = 0; step < steps; step++) {
    const gradient = gradients[step % gradients.length] as Float32Array;
    const maximum = maximumOf(gradient);
    if (step === 0 && start === 'paper') {
      used.push(1);
      gamma = 1;
      let average = 0;
      for (let candidate = 1000, sign = -1; sign <= 0; candidate += sign) {
        gamma = candidate / 1000;
        average = 0.999 * average + 0.001 * fractionBeyond(gradient, maximum * gamma);
        sign = Math.sign(average - target);
        gamma = (candidate + sign) / 1000;
      }
      gamma = Math.min(Math.max(gamma, 0.001), 1);
      continue;
    }
    used.push(gamma);
    if (maximum === 0) continue;
    const beyond = fractionBeyond(gradient, Math.fround(maximum * gamma));
    gamma = Math.min(Math.max(gamma + 0.001 * Math.sign(beyond - target), 0.001), 1);
  }
  return used;
}

policies('the clips of every step are those of the released code, a zero gradient in between moves nothing', () => {
  const gradients = [laplace(60_000, 5), laplace(60_000, 6), new Float32Array(60_000), heavyTailed(60_000, 7)];
  for (const start of ['quantile', 'paper'] as const) {
    const steps = simulate(interval({ start }), gradients, 60);
    const first = start === 'quantile' ? (steps[0] as Step).gamma : 1;
    for (const [index, gamma] of released(gradients, 60, 4, start, first).entries()) {
      const maximum = maximumOf(gradients[index % 4] as Float32Array);
      const clip = maximum === 0 ? 1e-8 : Math.fround(maximum * gamma);
      assert.equal((steps[index] as Step).clip, clip, `${start}, step ${index}`);
    }
    assert.equal(steps.map(({ isMeasuring }) => isMeasuring), steps.map((_, index) => start === 'paper' && index === 0));
  }
});

policies('the search of the paper goes on while its average is only equal to the target', () => {
  // All gradients are the largest: the average is 0.001 at the candidate 0.999, just what 0.015 / (2^4 − 1) asks for, and more at the next.
  const steps = simulate(interval({ start: 'paper', alpha: 0.015 }), [new Float32Array(100).fill(1e-3)], 2);
  assert.is(steps[1]?.gamma, 0.999);
});

policies('the quantile is that of 4000 bins', () => {
  const asked: number[] = [];
  const statistics = statisticsOf(HEAVY, 4, undefined);
  for (const start of ['quantile', 'paper'] as const) {
    const policy = interval({ start });
    policy.decide({ ...statistics, histogram: (bins) => (asked.push(bins), statistics.histogram(bins)) }, policy.initial());
  }
  assert.equal(asked, [4000, 4000]);
});

policies('a layer without a gradient in the first step holds nothing up, and begins when it has one', () => {
  const nothing = new Float32Array(HEAVY.length);
  const paper = simulate(interval({ start: 'paper' }), [nothing, nothing, HEAVY], 3);
  assert.equal(paper.map(({ isMeasuring }) => isMeasuring), [true, false, false]);
  assert.equal(paper.map(({ gamma }) => gamma), [1, 1, 1]);
  const quantile = simulate(interval(), [nothing, HEAVY], 2);
  assert.is(quantile[1]!.gamma, simulate(interval(), [HEAVY], 1)[0]!.gamma);
});

policies('a quantile lies within its bin as far from the upper edge as its share of it', () => {
  const histogram = Int32Array.of(6, 0, 3, 1);
  for (const [fraction, ratio] of [[0, 1], [0.05, 0.875], [0.1, 0.75], [0.2, 0.75 - 0.25 / 3], [0.4, 0.25], [0.7, 0.125], [1, 0]] as const) assert.is(ratioBeyond(histogram, fraction), ratio);
});

policies('γ stays within its bounds', () => {
  const few = heavyTailed(100, 8);
  const drift = simulate(interval(), [few], 2000);
  assert.is((drift.at(-1) as Step).gamma, 1);
  const spike = new Float32Array(50_000).fill(1e-6);
  spike[0] = 1;
  const low = simulate(interval({ minimum: 0.25, alpha: 0.5 }), [spike, Float32Array.from(spike, (g) => g * 2)], 1000);
  assert.ok(low.every(({ gamma }) => gamma >= 0.25 && gamma <= 1));
});

policies('too few gradients for the target are warned about', () => {
  const { warning } = interval() as Required<GradientPolicy>;
  // N > 15,000 at 4 bits, 255,000 at 8.
  assert.is(warning(15_001, 4), undefined);
  assert.match(warning(14_999, 4) as string, '14999 gradients');
  assert.is(interval({ alpha: 0.015 }).warning?.(1000, 4), undefined, 'one gradient beyond the clip is what the target asks for');
  assert.is(warning(255_001, 8), undefined);
  assert.ok(warning(254_999, 8));
});

policies('the expected moments are those of stochastic rounding', () => {
  const gradient = heavyTailed(20_000, 9);
  const maximum = maximumOf(gradient);
  const histogram = statisticsOf(gradient, 4, undefined).histogram(65536);
  for (const [bits, ratio] of [[2, 0.5], [4, 1], [4, 0.1], [8, 0.4]] as const) {
    const next = uniform(10);
    const step = ratio / (2 ** (bits - 1) - 1);
    let [error, product, quantizedSquare] = [0, 0, 0];
    for (let draw = 0; draw < 10; draw++) {
      for (const g of gradient) {
        const x = Math.abs(g) / maximum;
        const quantized = step * Math.floor(Math.min(x, ratio) / step + next());
        error += (x - quantized) ** 2 / 10;
        product += (x * quantized) / 10;
        quantizedSquare += quantized ** 2 / 10;
      }
    }
    const expected = expectedMoments(histogram, ratio, bits);
    for (const [got, wanted] of [[expected.squaredError, error], [expected.product, product], [expected.quantizedSquare, quantizedSquare]] as const) {
      assert.ok(Math.abs(got / wanted - 1) < 0.05, `${bits} bits, ${ratio}: ${got}, drawn ${wanted}`);
    }
  }
});

policies('mse takes a clip no other clip beats, and a smaller one for fewer bits', () => {
  for (const gradient of [HEAVY, laplace(100_000, 11)]) {
    const clips = [8, 6, 4, 3].map((bits) => mse().decide(statisticsOf(gradient, bits, undefined), {}).clip / maximumOf(gradient));
    for (const [index, bits] of [8, 6, 4, 3].entries()) {
      const histogram = statisticsOf(gradient, bits, undefined).histogram(1024);
      const best = expectedMoments(histogram, clips[index] as number, bits).squaredError;
      for (let ratio = 0.004; ratio <= 1; ratio += 0.01) assert.ok(expectedMoments(histogram, ratio, bits).squaredError > best * 0.99, `${bits} bits at ${ratio}`);
    }
    assert.equal([...clips].sort((a, b) => b - a), clips);
  }
});

policies('dsgc searches every period steps, and slows the layer down by its deviation', () => {
  const policy = dsgc({ period: 3 });
  let [state, searches] = [policy.initial(), 0];
  for (let step = 0; step < 7; step++) {
    const gradient = heavyTailed(20_000, 20 + step);
    const statistics = statisticsOf(gradient, 4, undefined);
    const decision = policy.decide({ ...statistics, histogram: (bins) => (searches++, statistics.histogram(bins)) }, state);
    state = decision.state;
    assert.ok(decision.clip > 0 && decision.clip < statistics.maximum);
    assert.ok((decision.learningRateScale as number) >= 0.1 && (decision.learningRateScale as number) < 1);
  }
  assert.is(searches, 3);
  for (const deviation of [0, 1e-6, 0.01, 0.05, 0.1151, 0.12, 0.3, 1]) {
    assert.ok(Math.abs(learningRateScale(deviation) - Math.max(Math.exp(-20 * deviation), 0.1)) < 1e-14);
  }
});

policies('dsgc at 8 bits hardly deviates', () => {
  const { learningRateScale: scale } = dsgc().decide(statisticsOf(laplace(50_000, 30), 8, undefined), dsgc().initial());
  assert.ok((scale as number) > 0.98, String(scale));
});

policies('dai8 keeps the maximum of a Gaussian channel and smooths that of a sharp one', () => {
  const [normal, sharp] = [gaussian(4000, 40), heavyTailed(4000, 41)];
  const both = (factor: number): Float32Array => Float32Array.from({ length: 8000 }, (_, i) => factor * ((i % 2 === 0 ? normal : sharp)[i >> 1] as number));
  const policy = dai8();
  const first = policy.decide(statisticsOf(both(1), 8, undefined, 2), policy.initial());
  assert.equal(first.channelClips, Float32Array.of(maximumOf(normal), maximumOf(sharp)));
  const second = policy.decide(statisticsOf(both(0.5), 8, undefined, 2), first.state);
  const [a, b] = second.channelClips as Float32Array;
  assert.is(a, Math.fround(maximumOf(normal) / 2));
  assert.ok(Math.abs((b as number) / maximumOf(sharp) - 0.6) < 1e-6, '0.2 · 1 + 0.8 · 0.5');
  assert.is(second.clip, Math.fround(maximumOf(both(0.5))));
});

policies('a gradient that is all zero changes no state and gets a clip above zero', () => {
  const zero = new Float32Array(64);
  for (const [name, make] of Object.entries(GRADIENT_POLICIES)) {
    const policy = make();
    assert.is(policy.name, name);
    const fresh = policy.decide(statisticsOf(zero, 4, undefined, 4), policy.initial());
    assert.equal([fresh.clip, fresh.state], [1e-8, policy.initial()]);
    const warm = policy.decide(statisticsOf(heavyTailed(64, 50), 4, undefined, 4), policy.initial()).state;
    const later = policy.decide(statisticsOf(zero, 4, 0, 4), warm);
    assert.is(later.clip, 1e-8);
    assert.equal(later.channelClips?.every((clip) => clip > 0) ?? true, true);
    const after = policy.decide(statisticsOf(zero, 4, 1, 4), later.state);
    assert.equal(after.state, later.state, name);
  }
});

policies('options out of range are refused by name', () => {
  const refused: readonly (readonly [() => unknown, string])[] = [
    ...(['alpha', 'step', 'minimum'] as const).flatMap((option) => [0, -1, 1.1, NaN].map((value) => [() => interval({ [option]: value }), option] as const)),
    [() => interval({ start: 'late' as IntervalOptions['start'] & string }), 'start'],
    [() => mse({ bins: 0 }), 'bins'],
    [() => dsgc({ bins: 1e9 }), 'bins'],
    [() => dsgc({ period: 0.5 }), 'period'],
  ];
  for (const [make, option] of refused) {
    assert.throws(make, (error: { code?: string; message?: string }) => error.code === 'ERR_ARGUMENT' && (error.message ?? '').includes(option));
  }
});

policies.run();
