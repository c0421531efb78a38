/** Codes that are fixed before the quantizer sees a network: where they go in the plan, and which requantization holds them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph } from '../../ts/graph/graph.js';
import { fixedQ15, type FixedChannel } from '../../ts/quantize/fixed/fixed-form.js';
import { foldFixedWeights } from '../../ts/quantize/fixed/fold-fixed-weights.js';
import { refineCodes } from '../../ts/quantize/fixed/refine-codes.js';
import { buildPlan } from '../../ts/quantize/plan/build-plan.js';
import { errorOf } from '../engine/error-of.js';
import { compileAssumed, NetworkBuilder, RELU } from './networks.js';
import { validateGraph } from '../../ts/graph/validate.js';

const SHAPE = [1, 2, 4, 4];
const U4 = { scale: 0.25, range: [0, 15] } as const;

function fake(net: NetworkBuilder, name: string, input: string, attributes: { scale: number; range: readonly [number, number] } = U4): string {
  return net.node({ name, op: 'FakeQuantize', inputs: [input], outputs: [`${name}.y`], attributes }, net.shape(input));
}

function plan(graph: Graph): { kinds: string[]; codes: Map<string, unknown> } {
  validateGraph(graph);
  const built = buildPlan(graph);
  return { kinds: built.nodes.map(({ op }) => op.kind), codes: new Map(built.codes) };
}

test('the sole producer of a value writes its codes, through operations that keep them', () => {
  const net = new NetworkBuilder(1);
  const conv = net.conv('a', net.input('x', SHAPE), 2, { bounds: RELU });
  const pooled = net.maxPool('p', conv);
  const { kinds, codes } = plan(net.graph([net.conv('b', fake(net, 'q', pooled), 2)]));
  assert.equal(kinds, ['linear', 'max_pool', 'linear']);
  assert.equal([...codes.keys()].sort(), [conv, pooled]);
});

test('a value that others read too keeps its carrier, and equal codes are made once', () => {
  const net = new NetworkBuilder(1);
  const conv = net.conv('a', net.input('x', SHAPE), 2, { bounds: RELU });
  const [b, c] = [net.conv('b', fake(net, 'q1', conv), 2), net.conv('c', fake(net, 'q2', conv), 2)];
  const { kinds, codes } = plan(net.graph([net.add('s', net.add('t', b, c), conv)]));
  assert.equal(kinds, ['linear', 'quantize', 'linear', 'linear', 'add', 'add']);
  assert.equal([...codes.keys()], ['q1.y']);
});

test('other codes of one value are other values', () => {
  const net = new NetworkBuilder(1);
  const conv = net.conv('a', net.input('x', SHAPE), 2, { bounds: RELU });
  const [b, c] = [net.conv('b', fake(net, 'q1', conv), 2), net.conv('c', fake(net, 'q2', conv, { scale: 0.5, range: [-7, 7] }), 2)];
  const { graph } = compileAssumed(net.graph([net.add('s', b, c)]));
  const read = graph.operations.filter(({ op, name }) => op === 'conv2d' && name !== 'a').map(({ inputs: [x] }) => graph.values[x!]!);
  assert.equal(read.map(({ dtype, scale, range }) => [dtype, scale, range]), [['u4', 0.25, [0, 15]], ['i8', 0.5, [-7, 7]]]);
});

test('an addition writes the codes of its sum beside the carrier', () => {
  const net = new NetworkBuilder(1);
  const [a, b] = [net.conv('a', net.input('x', SHAPE), 2), net.conv('b', 'x', 2)];
  const sum = net.add('s', a, b, RELU);
  const { graph } = compileAssumed(net.graph([net.add('t', net.conv('c', fake(net, 'q', sum), 2), sum)]));
  assert.equal(graph.operations.map(({ op }) => op), ['conv2d', 'conv2d', 'add', 'conv2d', 'add']);
  const [carrier, code] = graph.operations[2]!.outputs.map((index) => graph.values[index!]!);
  assert.equal([carrier!.dtype, code!.dtype, code!.scale], ['i16', 'u4', 0.25]);
});

test('weights that are computed from something else than a constant are refused', async () => {
  const net = new NetworkBuilder(1);
  const x = net.input('x', SHAPE);
  const w = net.input('w', [2, 2, 1, 1]);
  const attributes = { kernel: [1, 1], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
  const y = net.node({ name: 'c', op: 'Conv', inputs: [x, fake(net, 'q', w, { scale: 1, range: [-7, 7] })], outputs: ['c.y'], attributes }, SHAPE);
  const folded = foldFixedWeights(net.graph([y]));
  assert.is(folded.weights.size, 0);
  await errorOf('ERR_QUANTIZE_UNSUPPORTED', () => buildPlan(folded.graph));
});

const channel = (ratio: number, codes: number, bias = 0): FixedChannel => ({ ratio, varying: codes, moving: codes, reach: codes + Math.abs(bias) });
const U4_OUTPUT = { clamp: [0, 15], floor: 32, tolerance: 1 / 8 } as const;

test('q15 takes the shift with the smallest error', () => {
  const form = fixedQ15({ ...U4_OUTPUT, channels: [channel(0.02, 20), channel(0.005, 10)] })!;
  for (const [c, ratio] of [0.02, 0.005].entries()) assert.ok(Math.abs(form.multipliers[c]! / 2 ** (15 + form.shift) / ratio - 1) < 1 / 512);
});

test('q15 does not hold ratios too far apart, nor a bias that leaves 16 bits', () => {
  assert.is(fixedQ15({ ...U4_OUTPUT, channels: [channel(0.9, 20), channel(1e-6, 14)] }), null);
  assert.is(fixedQ15({ clamp: [0, 255], floor: 256, tolerance: 1, channels: [channel(0.1, 200), channel(0.0001, 2, 80)] }), null);
});

test('codes are multiplied only where the bias would be too coarse, by a whole number that i8 holds', () => {
  const weights = { codes: Int8Array.of(-7, 0, 3, 7), scale: 0.5, levels: 7, factors: Float64Array.of(1) };
  const request = { inputScale: 0.01, outputLevels: 15 };
  assert.is(refineCodes(weights, { ...request, outputScale: 0.1 }), weights);
  const refined = refineCodes(weights, { ...request, outputScale: 0.01 });
  const times = refined.codes[3]! / 7;
  assert.ok(Number.isInteger(times) && times > 1);
  assert.equal([[...refined.codes], refined.scale, refined.levels], [[-7 * times, 0, 3 * times, 7 * times], 0.5 / times, 7 * times]);
  assert.is(refineCodes(weights, { ...request, outputScale: 1e-6 }).levels, 126);
});

test.run();
