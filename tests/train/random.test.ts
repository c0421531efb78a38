/** Random streams and first values (SPEC 7.6.1 to 7.5.3): against a second implementation on BigInt, committed values, and statistics. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initialValues } from '../../ts/train/modules/initial-values.js';
import { filled, kaimingNormal, kaimingUniform } from '../../ts/train/modules/initial.js';
import { Parameter } from '../../ts/train/modules/parameter.js';
import { cnn } from '../../ts/train/models/cnn.js';
import { naturalLog } from '../../ts/train/random/natural-log.js';
import { normalNumbers } from '../../ts/train/random/normal.js';
import { RandomStream } from '../../ts/train/random/random-stream.js';
import { refused } from './refusal.js';

const MASK = 0xffffffffn;
const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (32n - bits))) & MASK;

/** xoshiro128** as published. */
function* xoshiro(state: bigint[]): Generator<number, never, void> {
  for (;;) {
    yield Number((rotate((state[1]! * 5n) & MASK, 7n) * 9n) & MASK);
    const shifted = (state[1]! << 9n) & MASK;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotate(state[3]!, 11n);
  }
}

function mix(value: bigint): bigint {
  let hash = value & MASK;
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & MASK;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & MASK;
  return hash ^ (hash >> 16n);
}

function seeded(low: bigint, high: bigint, name: string): bigint[] {
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from(name)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & MASK;
  return [1n, 2n, 3n, 4n].map((i) => mix(mix(mix(low ^ ((0x9e3779b9n * i) & MASK)) + high) + hash));
}

test('the second implementation gives the published sequence', () => {
  const words = xoshiro([1n, 2n, 3n, 4n]);
  assert.equal(Array.from({ length: 5 }, () => words.next().value), [11520, 0, 5927040, 70819200, 2031721883]);
});

test('SPEC 7.6.1: streams equal it', () => {
  for (const [low, high, name] of [[0, 0, ''], [1, 0, 'conv1.weight'], [0xffffffff, 0x80000001, 'Größe']] as const) {
    const stream = new RandomStream([low, high], name);
    const words = xoshiro(seeded(BigInt(low), BigInt(high), name));
    for (let index = 0; index < 1000; index++) assert.is(stream.next(), words.next().value);
  }
});

test('below is uniform and stays below', () => {
  const stream = new RandomStream([7, 0], 'below');
  const counts = new Array<number>(6).fill(0);
  for (let index = 0; index < 60000; index++) counts[stream.below(6)]! += 1;
  for (const count of counts) assert.ok(Math.abs(count - 10000) < 400, String(counts));
  assert.is(stream.below(1), 0);
});

test('the logarithm', () => {
  for (const x of [1e-300, 2 ** -32, 0.1, 0.5, 0.70710678, 0.9999999, 1, 1.0000001, 1.41421357, 2, 3, 1e10, 1e300]) {
    assert.ok(Math.abs(naturalLog(x) - Math.log(x)) <= 4e-16 * Math.max(1e-3, Math.abs(Math.log(x))), `${x}: ${naturalLog(x)} against ${Math.log(x)}`);
  }
});

/** Mean, variance, kurtosis, and the fraction beyond two deviations. */
function moments(values: ArrayLike<number>): { mean: number; variance: number; kurtosis: number; beyond: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const power = (exponent: number): number => list.reduce((sum, value) => sum + (value - mean) ** exponent, 0) / list.length;
  const variance = power(2);
  return { mean, variance, kurtosis: power(4) / variance ** 2, beyond: list.filter((value) => Math.abs(value - mean) > 2 * Math.sqrt(variance)).length / list.length };
}

test('normal numbers are normal', () => {
  const stream = new RandomStream([3, 4], 'normal');
  const normal = normalNumbers(() => stream.uniform());
  const { mean, variance, kurtosis, beyond } = moments(Array.from({ length: 200000 }, normal));
  assert.ok(Math.abs(mean) < 0.01 && Math.abs(variance - 1) < 0.02, `${mean} ${variance}`);
  assert.ok(Math.abs(kurtosis - 3) < 0.05 && Math.abs(beyond - 0.0455) < 0.002, `${kurtosis} ${beyond}`);
});

test('first values have the variances of their names', () => {
  const values = (initial: Parameter['initial'], count: number): Float32Array => initialValues('w', new Parameter([count], { group: 'weights', initial }), [1, 2]);
  const normal = moments(values(kaimingNormal([50000], 144), 50000));
  assert.ok(Math.abs(normal.variance / (2 / 144) - 1) < 0.03 && Math.abs(normal.mean) < 0.002);
  const list = values(kaimingUniform([50000], 64), 50000);
  const uniform = moments(list);
  assert.ok(Math.abs(uniform.variance / (1 / 64 / 3) - 1) < 0.03, String(uniform.variance));
  assert.ok(Math.max(...list) <= 0.125 && Math.max(...list) > 0.1249 && Math.min(...list) < -0.1249);
  assert.equal(values(filled([3], 2), 3), Float32Array.of(2, 2, 2));
});

test('SPEC 7.6.3: the first values of a network are these, on every host', () => {
  const hash = createHash('sha256');
  const parameters = cnn({ classes: 10, bits: { weight: 4, activation: 4, gradient: 4 } }).namedParameters();
  for (const [name, parameter] of parameters) hash.update(new Uint8Array(initialValues(name, parameter, [42, 0]).buffer));
  const weights = initialValues('conv1.weight', parameters.get('conv1.weight')!, [42, 0]);
  assert.equal([...weights.subarray(0, 4)], CONV1);
  assert.is(hash.digest('hex'), DIGEST);
});

const CONV1 = [0.25548553466796875, 0.24972908198833466, 0.18606752157211304, -0.04312427341938019];
const DIGEST = '264700b90bbc01369ae895f055dd0fb629e2858969dd87a82ca4bf84ce96f29d';

test('another layer, or another seed, changes only what it must', () => {
  const shape = [4, 4];
  const parameter = new Parameter(shape, { group: 'weights', initial: kaimingNormal(shape, 4) });
  const values = initialValues('a.weight', parameter, [1, 0]);
  assert.equal(initialValues('a.weight', parameter, [1, 0]), values);
  for (const other of [initialValues('b.weight', parameter, [1, 0]), initialValues('a.weight', parameter, [2, 0]), initialValues('a.weight', parameter, [1, 1])]) {
    assert.ok(other.every((value, index) => value !== values[index]));
  }
});

test('what a user\'s initial gives is checked', () => {
  const give = (values: unknown): Parameter => new Parameter([2, 2], { group: 'weights', initial: () => values as Float32Array });
  refused(() => initialValues('w', give(new Float32Array(3)), [0, 0]), 'ERR_ARGUMENT', /parameter "w": "initial" expected a Float32Array of 4, got 3 values/);
  refused(() => initialValues('w', give(undefined), [0, 0]), 'ERR_ARGUMENT', /undefined/);
  refused(() => initialValues('w', give(Float32Array.of(0, 1, NaN, 2)), [0, 0]), 'ERR_NAN', /NaN at 2/);
});

test.run();
