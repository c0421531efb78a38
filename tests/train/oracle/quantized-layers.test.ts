/**
 * One quantized layer, forward and backward, against autograd through LBT's fake quantization (scripts/training-oracle.py), in every flavour.
 *
 * The network makes all of it visible from outside. Its input is one picture whose channels say which pixel one is at, so the weights of the first convolution ARE the
 * layer's input, and their gradients its input gradients. The linear layer at the end sees logits that are 400 apart with the wrong one ahead, so softmax
 * is exactly (1, 0) and the gradient of the layer's output exactly the linear weights: codes/1024, one of them the largest code. With clip = max|G| stochastic rounding
 * has nothing to round. SGD with learning rate 1 then subtracts each gradient.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GradientPolicy, GradientStatistics } from '../../../ts/train/gradient/policy.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import type { StepResult, WatchOptions } from '../../../ts/train/program/training-program.js';
import type { Value } from '../../../ts/train/tape/node.js';
import { relu } from '../../../ts/train/tape/ops/clamp.js';
import { flatten } from '../../../ts/train/tape/ops/flatten.js';
import { pseudoRandom } from './pseudo-random.js';
import { Bench, FLAVOURS, wholeRange } from './step.js';

interface Sampled {
  /** Every `stride`-th. */
  readonly stride: number;
  readonly values: readonly number[];
  /** Σ value · pseudoRandom(…, 999) */
  readonly weighted: number;
  readonly largest: number;
}

/** Of both axes, or [height, width]. */
type Both = number | readonly [number, number];

interface Case {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly size: number;
  readonly kernel: Both;
  readonly stride: Both;
  readonly padding: Both;
  readonly dilation?: Both;
  readonly groups: number;
  readonly bits: readonly [number, number, number];
  readonly isSigned: boolean;
  /** A convolution whose kernel is the picture. */
  readonly isLinear?: boolean;
  readonly weightInterval: number;
  readonly activationInterval: number;
  readonly loss: number;
  readonly inputGradient: Sampled;
  readonly weightGradient: Sampled;
  readonly weightIntervalGradient: number;
  readonly activationIntervalGradient: number;
}

const CASES = JSON.parse(readFileSync(new URL('quantized-layers.json', import.meta.url), 'utf8')) as Case[];

class Probe extends Module {
  /** [channels][pixels][1][1]: the layer's input. */
  readonly picture: Conv2d;
  readonly layer: Conv2d | Linear;
  readonly readout: Linear;
  readonly isSigned: boolean;
  /** Elements of the layer's output. */
  readonly outputs: number;

  constructor({ in: inputs, out, size, kernel, stride, padding, dilation = 1, groups, bits: [weight, activation, gradient], isSigned, isLinear = false }: Case) {
    super();
    const outSize = (axis: 0 | 1): number => {
      const [k, s, p, d] = [kernel, stride, padding, dilation].map((both) => (typeof both === 'number' ? both : both[axis])) as [number, number, number, number];
      return Math.floor((size + 2 * p - d * (k - 1) - 1) / s) + 1;
    };
    this.outputs = out * outSize(0) * outSize(1);
    this.picture = new Conv2d({ in: size * size, out: inputs, kernel: 1, bias: false });
    const options = { out, bias: false, bits: { weight, activation, gradient } };
    this.layer = isLinear ? new Linear({ in: inputs * size * size, ...options }) : new Conv2d({ in: inputs, kernel, stride, padding, dilation, groups, ...options });
    this.readout = new Linear({ in: this.outputs, out: 2 });
    this.isSigned = isSigned;
  }

  override forward(x: Value): Value {
    const picture = this.picture.forward(x);
    const input = this.isSigned ? picture : relu(picture);
    return this.readout.forward(flatten(this.layer.forward(this.layer instanceof Linear ? flatten(input) : input)));
  }
}

/** Codes of the output's gradient over 1024; the first is the largest code. */
function gradientOf(count: number, bits: number): Float32Array {
  const largest = 2 ** (bits - 1) - 1;
  return pseudoRandom(count, 13).map((value, index) => (index === 0 ? largest : Math.floor(value * largest + 0.5)) / 1024);
}

/** `before − after`, at the precision of f32 numbers about as large as `before`. */
function checkGradient(before: Float32Array, after: Float32Array, expected: Sampled, what: string): void {
  const received = before.map((value, index) => value - after[index]!);
  const tolerance = 1e-5 * expected.largest + 2 ** -23;
  assert.ok(expected.largest > 0.001, 'there is something to see');
  const { stride } = expected;
  expected.values.forEach((value, index) => check(received[stride * index]!, value, tolerance, `${what}[${stride * index}]`));
  const weights = pseudoRandom(received.length, 999);
  const weighted = received.reduce((sum, value, index) => sum + value * weights[index]!, 0);
  check(weighted, expected.weighted, tolerance * Math.sqrt(received.length), `${what}, all`);
}

function check(received: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(received - expected) <= tolerance, `${what}: ${received} where PyTorch has ${expected}`);
}

/** The network with one picture, whose gradient of the layer's output is `gradientOf`; and the step that shows it. */
async function probe(flavour: (typeof FLAVOURS)[number], layer: Case, policy: GradientPolicy = wholeRange) {
  const model = new Probe(layer);
  const pixels = layer.size * layer.size;
  const bench = await Bench.create(flavour, model, [1, layer.size, layer.size, pixels], { optimizer: 'sgd', labelSmoothing: 0, policy });
  const picture = pseudoRandom(layer.in * pixels, 11);
  const weight = pseudoRandom(model.layer.weight.count, 12, 0.5);
  const gradient = gradientOf(model.outputs, layer.bits[2]);
  bench.set(new Map<string, ArrayLike<number>>([
    ['picture.weight', picture], ['layer.weight', weight], ['layer.weightInterval', [layer.weightInterval, 0, 1, 0]], ['layer.activationInterval', [layer.activationInterval, 0, 1, 0]],
    ['readout.weight', [...gradient, ...new Float32Array(model.outputs)]], ['readout.bias', [200, -200]],
  ]));
  const inputs = Float32Array.from({ length: pixels * pixels }, (_, index) => (index % (pixels + 1) === 0 ? 1 : 0));
  const hyper = { kind: 'sgd', values: [1, 0, 0, 0, 0, 1, 0, 0] } as const;
  const step = (watch?: WatchOptions): StepResult => bench.step({ inputs, labels: Int32Array.of(1), step: 0, weights: hyper, intervals: hyper }, watch);
  return { model, bench, picture, weight, gradient, step };
}

async function run(flavour: (typeof FLAVOURS)[number], layer: Case): Promise<void> {
  const { model, bench, picture, weight, gradient, step } = await probe(flavour, layer);
  const { loss, layers } = step();
  check(loss, layer.loss, 1e-4, 'loss');
  assert.equal(layers.map(({ layer: name, count, clippedFraction }) => [name, count, clippedFraction]), [['layer', model.outputs, 0]]);
  check(layers[0]!.maximum, gradient[0]!, 0, 'max|G|');
  checkGradient(picture, bench.read('picture.weight'), layer.inputGradient, 'dX');
  checkGradient(weight, bench.read('layer.weight'), layer.weightGradient, 'dW');
  const { weightIntervalGradient, activationIntervalGradient } = layer;
  check(layer.weightInterval - bench.read('layer.weightInterval')[0]!, weightIntervalGradient, 1e-5 * (1 + Math.abs(weightIntervalGradient)), 'ds');
  check(layer.activationInterval - bench.read('layer.activationInterval')[0]!, activationIntervalGradient, 1e-5 * (1 + Math.abs(activationIntervalGradient)), 'du');
  bench.dispose();
}

for (const flavour of FLAVOURS) for (const layer of CASES) test(`${layer.name}, ${flavour}`, () => run(flavour, layer));

/** max|G| = 7/1024 and a clip of half of it: what is left is a multiple of the step, so nothing is rounded, and the error is that of clipping. */
test('a watched step tells how far the codes are from all gradients and from the largest', async () => {
  for (const flavour of FLAVOURS) {
    const seen: { histogram?: Int32Array; channels?: ReturnType<GradientStatistics['channels']> } = {};
    const half: GradientPolicy = {
      name: 'half',
      initial: () => ({}),
      decide(statistics, state) {
        seen.histogram = statistics.histogram(14);
        seen.channels = statistics.channels();
        return { clip: statistics.maximum / 2, state };
      },
    };
    const layer = CASES.find(({ name }) => name === '3x3, few channels')!;
    const { bench, gradient, step } = await probe(flavour, layer, half);
    const codes = Array.from(gradient, (g) => Math.abs(g) * 1024);
    // The fraction of 6 and 7 lies a little below what is asked for, so 5 counts too.
    const largeFraction = (codes.filter((code) => code >= 6).length + 1) / codes.length;
    const [watched] = step({ largeFraction }).layers;
    const sum = (from: number, term: (code: number) => number): number => codes.reduce((total, code) => total + (code >= from ? term(code) : 0), 0);
    const error = (from: number): number => sum(from, (code) => Math.max(0, code - 3.5) ** 2) / sum(from, (code) => code * code);
    check(watched!.allError!, error(0), 1e-6, `${flavour}, all`);
    check(watched!.largeError!, error(5), 1e-6, `${flavour}, large`);
    check(watched!.clippedFraction, codes.filter((code) => code > 3.5).length / codes.length, 1e-7, `${flavour}, clipped`);
    // 0 … 7 of 7 in bins of half a code; the maximum lies in the last one.
    assert.equal([...seen.histogram!], Array.from({ length: 14 }, (_, bin) => codes.filter((code) => Math.min(13, code * 2) === bin).length));
    // The picture's channels come first in the gradient of a flattened layer.
    const pixels = layer.size * layer.size;
    for (let channel = 0; channel < layer.out; channel++) {
      const own = [...gradient.subarray(channel * pixels, (channel + 1) * pixels)];
      const mean = own.reduce((total, g) => total + g, 0) / pixels;
      const deviation = Math.sqrt(own.reduce((total, g) => total + (g - mean) ** 2, 0) / (pixels - 1));
      check(seen.channels!.maximum[channel]!, Math.max(...own.map(Math.abs)), 0, `${flavour}, maximum of channel ${channel}`);
      check(seen.channels!.deviation[channel]!, deviation, 1e-8, `${flavour}, deviation of channel ${channel}`);
      check(seen.channels!.beyond[channel]!, own.filter((g) => Math.abs(g) > deviation).length / pixels, 1e-7, `${flavour}, beyond of channel ${channel}`);
    }
    bench.dispose();
  }
});

test.run();
