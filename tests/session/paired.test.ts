/** Two weights to a lane in Programs: where it is exact, where it is chosen, and that results do not depend on it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntegerGraph, IntegerTensor, IntegerValue, Pair, Requantization } from '../../ts/integer/integer-graph.js';
import { validateIntegerGraph } from '../../ts/integer/validate.js';
import type { ProgramOptions } from '../../ts/session/convolution-algorithm.js';
import { COST_TABLE } from '../../ts/session/cost-table.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import type { Flavour } from '../../ts/wasm/engine.js';
import { engineOf } from '../engine/flavours.js';

const test = suite('two weights to a lane');

interface Layer {
  readonly inC: number;
  readonly weights: Int8Array;
  readonly range?: Pair;
  readonly dtype?: 'i4' | 'i8';
  readonly zeroPoint?: number;
  readonly requantization?: Requantization;
  /** Whether all channels have the negated weights, and not only the first. */
  readonly allNegated?: boolean;
}

const Q15 = { form: 'q15', shift: 6, multiplier: 'm' } as const;
const OUT_C = 5;

/** A 1 × 1 convolution of 3 × 3 pixels, every channel with the same weights but the first, which has them negated. */
function network({ inC, weights, range = [0, 15], dtype = 'i4', zeroPoint = 0, requantization = Q15, allNegated = false }: Layer): IntegerGraph {
  const value = (name: string, channels: number, more: Partial<IntegerValue>): IntegerValue => ({ name, dtype: 'i16', shape: [1, channels, 3, 3], scale: 1, zeroPoint: 0, range: [-32767, 32767], ...more });
  const data = Int8Array.from({ length: OUT_C * inC }, (_, i) => (allNegated || i < inC ? -1 : 1) * (weights[i % inC] as number));
  const graph: IntegerGraph = {
    name: 'one convolution',
    values: [value('x', inC, { dtype: 'u8', range, zeroPoint }), value('y', OUT_C, {})],
    inputs: [{ name: 'x', value: 0, preprocess: null }],
    outputs: [{ name: 'y', value: 1, softmax: null }],
    tensors: new Map<string, IntegerTensor>([
      ['w', { dtype, shape: [OUT_C, inC, 1, 1], data }],
      ['m', { dtype: 'i32', shape: [1], data: Int32Array.of(30000) }],
    ]),
    operations: [
      { op: 'conv2d', name: 'conv', inputs: [0], outputs: [1], weight: 'w', bias: null, stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1, requantization, clamp: [-32767, 32767] },
    ],
  };
  validateIntegerGraph(graph);
  return graph;
}

const FREE = { products: 0, input: 0, output: 0, weights: 0, fixed: 0 };
/** Always taken where it is exact, and never. */
const PAIRED: ProgramOptions = { costs: { simd128: { direct_paired: FREE }, scalar: { direct_paired: FREE } } };
const PLAIN: ProgramOptions = { costs: {} };

/** The kernel that runs the layer, and what it gives for codes that follow from their place, or are all `code`. */
async function outcome(graph: IntegerGraph, options: ProgramOptions, code?: number, flavour: Flavour = 'simd128'): Promise<{ kernel: string; result: number[] }> {
  const program = createIntegerProgram(await engineOf(flavour), graph, options);
  const [input] = graph.values as [IntegerValue];
  const count = input.shape.reduce((a, b) => a * b, 1);
  const data = Int32Array.from({ length: count }, (_, i) => code ?? (i * 7) % (input.range[1] + 1));
  const result = [...(program.run(new Map([['x', { kind: 'codes', data }]])).get('y') as Float32Array)];
  const kernel = program.steps[0]?.kernels.join() ?? '';
  program.dispose();
  return { kernel, result };
}

/** Weights of 7 whose sum times 15 is the last below 2^19, or the first that is not: 34,952 · 15 = 2^19 − 8. */
function atTheBound(past: boolean): Int8Array {
  const weights = new Int8Array(4994).fill(7);
  weights[4993] = past ? 2 : 1;
  return weights;
}

test('at the bound it is right, past it the layer multiplies i16', async () => {
  for (const past of [false, true]) {
    const graph = network({ inC: 4994, weights: atTheBound(past) });
    const [paired, plain] = [await outcome(graph, PAIRED, 15), await outcome(graph, PLAIN, 15)];
    assert.is(paired.kernel, past ? 'conv2d' : 'conv2d_paired');
    assert.is(plain.kernel, 'conv2d');
    assert.equal(paired.result, plain.result);
    assert.is(Math.sign(paired.result[0] as number), -1);
    assert.is(Math.sign(paired.result[9] as number), 1);
    const negative = await outcome(network({ inC: 4994, weights: atTheBound(past), allNegated: true }), PAIRED, 15);
    assert.is(negative.kernel, paired.kernel, 'the sum of one sign as that of the other');
  }
});

test('a dense layer only where its rows hold whole panels', async () => {
  const dense = (n: number): IntegerGraph => {
    const value = (name: string, width: number, more: Partial<IntegerValue>): IntegerValue => ({ name, dtype: 'i16', shape: [1, width], scale: 1, zeroPoint: 0, range: [-32767, 32767], ...more });
    const graph: IntegerGraph = {
      name: 'one dense layer',
      values: [value('x', 20, { dtype: 'u4', range: [0, 15] }), value('y', n, {})],
      inputs: [{ name: 'x', value: 0, preprocess: null }],
      outputs: [{ name: 'y', value: 1, softmax: null }],
      tensors: new Map<string, IntegerTensor>([
        ['w', { dtype: 'i4', shape: [n, 20], data: Int8Array.from({ length: n * 20 }, (_, i) => (i % 15) - 7) }],
        ['m', { dtype: 'i32', shape: [1], data: Int32Array.of(30000) }],
      ]),
      operations: [{ op: 'dense', name: 'dense', inputs: [0], outputs: [1], weight: 'w', bias: null, requantization: Q15, clamp: [-32767, 32767] }],
    };
    validateIntegerGraph(graph);
    return graph;
  };
  for (const [n, kernel] of [[5, 'conv2d'], [24, 'conv2d'], [32, 'conv2d_paired']] as const) {
    const [paired, plain] = [await outcome(dense(n), PAIRED), await outcome(dense(n), PLAIN)];
    assert.is(paired.kernel, kernel, String(n));
    assert.equal(paired.result, plain.result);
  }
});

test('only u4 codes and weights of i4, in every form of requantization, and the flavour that has it', async () => {
  const weights = Int8Array.from({ length: 37 }, (_, i) => (i % 15) - 7);
  const kernel = async (more: Partial<Layer>, flavour?: Flavour): Promise<string> => {
    const graph = network({ inC: 37, weights, ...more });
    const [paired, plain] = [await outcome(graph, PAIRED, undefined, flavour), await outcome(graph, PLAIN, undefined, flavour)];
    assert.equal(paired.result, plain.result);
    return paired.kernel;
  };
  assert.is(await kernel({}), 'conv2d_paired');
  assert.is(await kernel({ zeroPoint: 15 }), 'conv2d_paired');
  assert.is(await kernel({ zeroPoint: 16 }), 'conv2d');
  assert.is(await kernel({ range: [0, 16] }), 'conv2d');
  assert.is(await kernel({ dtype: 'i8' }), 'conv2d');
  assert.is(await kernel({ requantization: { form: 'q15', shift: -3, multiplier: 'm' } }), 'conv2d_paired');
  assert.is(await kernel({ requantization: { form: 'exact', shift: 40, left: 0, multiplier: 'm' } }), 'conv2d_paired');
  assert.is(await kernel({}, 'scalar'), 'conv2d');
});

test('the cost table decides', async () => {
  const graph = network({ inC: 37, weights: new Int8Array(37).fill(3) });
  const kernel = async (costs: ProgramOptions['costs']): Promise<string> => (await outcome(graph, costs === undefined ? {} : { costs })).kernel;
  assert.is(await kernel({ simd128: { direct_paired: { ...FREE, fixed: 2 }, direct_i16: { ...FREE, fixed: 1 } } }), 'conv2d');
  assert.is(await kernel({ simd128: { direct_paired: { ...FREE, fixed: 1 }, direct_i16: { ...FREE, fixed: 2 } } }), 'conv2d_paired');
  assert.ok(COST_TABLE.simd128?.direct_paired !== undefined, 'measured');
});

test.run();
