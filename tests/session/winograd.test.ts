/** Winograd F(4,3) in Programs: where it is exact, where it is chosen, and that results do not depend on it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { load, Tensor } from '../../ts/entry/node.js';
import type { IntegerGraph, IntegerTensor, IntegerValue, Pair } from '../../ts/integer/integer-graph.js';
import { validateIntegerGraph } from '../../ts/integer/validate.js';
import { chooseConvolutions, type ConvolutionAlgorithm, type ConvolutionCandidates, type ConvolutionGeometry, type ProgramOptions } from '../../ts/session/convolution-algorithm.js';
import { COST_KINDS, workOf, type Coefficients, type CostKind, type EngineCosts } from '../../ts/session/convolution-cost.js';
import { COST_TABLE } from '../../ts/session/cost-table.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import { isWinogradF23Exact, isWinogradF23ExactForAll, winogradBound, winogradPart } from '../../ts/session/winograd-bound.js';
import { setDefaultLoader } from '../../ts/wasm/loader.js';
import { errorOf } from '../engine/error-of.js';
import { engineOf, FLAVOURS, moduleBytes } from '../engine/flavours.js';

setDefaultLoader(moduleBytes);
const test = suite('winograd');
const END = 2 ** 25;

interface Layer {
  readonly shape: readonly [number, number, number];
  readonly weights: Int8Array;
  readonly outC: number;
  readonly range?: Pair;
  readonly zeroPoint?: number;
}

/** A 3 × 3 convolution, padded by 1. */
function network({ shape: [inC, h, w], weights, outC, range = [0, 255], zeroPoint = 0 }: Layer): IntegerGraph {
  const dtype = range[0] < 0 ? 'i8' : 'u8';
  const value = (name: string, channels: number, more: Partial<IntegerValue>): IntegerValue => ({ name, dtype: 'i16', shape: [1, channels, h, w], scale: 1, zeroPoint: 0, range: [-32767, 32767], ...more });
  const graph: IntegerGraph = {
    name: 'one convolution',
    values: [value('x', inC, { dtype, range, zeroPoint }), value('y', outC, {})],
    inputs: [{ name: 'x', value: 0, preprocess: null }],
    outputs: [{ name: 'y', value: 1, softmax: null }],
    tensors: new Map<string, IntegerTensor>([
      ['w', { dtype: 'i8', shape: [outC, inC, 3, 3], data: weights }],
      ['m', { dtype: 'i32', shape: [1], data: Int32Array.of(30000) }],
    ]),
    operations: [
      { op: 'conv2d', name: 'conv', inputs: [0], outputs: [1], weight: 'w', bias: null, stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1], groups: 1, requantization: { form: 'q15', shift: 10, multiplier: 'm' }, clamp: [-32767, 32767] },
    ],
  };
  validateIntegerGraph(graph);
  return graph;
}

/** The kernel that runs the layer, and what it gives for constant codes. */
async function outcome(graph: IntegerGraph, options: ProgramOptions, code: number): Promise<{ kernel: string; result: Float32Array }> {
  const program = createIntegerProgram(await engineOf('simd128'), graph, options);
  const count = graph.values[0]?.shape.reduce((a, b) => a * b, 1) ?? 0;
  const result = program.run(new Map([['x', { kind: 'codes', data: new Int32Array(count).fill(code) }]])).get('y') as Float32Array;
  const kernel = program.steps[0]?.kernels.join() ?? '';
  program.dispose();
  return { kernel, result };
}

test('F(2,3) is exact for all weights of a layer exactly where it is for the largest', () => {
  const q15 = { form: 'q15', shift: 9 } as const;
  const isExact = (inC: number, bias: number, zeroPoint: number): readonly boolean[] =>
    [7, -7].map((weight) => isWinogradF23Exact([{ positive: Math.max(9 * inC * weight, 0), negative: Math.min(9 * inC * weight, 0), bias }], [0, 15], zeroPoint, q15));
  // 9·inC·7·15 + |bias| + 2^8 < 2^29.
  const inC = 560_000;
  const room = 2 ** 29 - 2 ** 8 - 945 * inC;
  for (const bias of [room - 1, 1 - room]) {
    assert.equal(isExact(inC, bias, 0), [true, true]);
    assert.ok(isWinogradF23ExactForAll(inC, [0, bias], [0, 15], 0, q15));
  }
  assert.equal(isExact(inC, room, 0), [false, false]);
  assert.not(isWinogradF23ExactForAll(inC, [0, room], [0, 15], 0, q15));
  assert.not(isWinogradF23ExactForAll(inC + 10_000, null, [0, 15], 0, q15));
});

test('the bound is the largest sum, padding included', () => {
  assert.is(winogradBound({ positive: 10, negative: -4 }, [0, 255], 0), 2550);
  assert.is(winogradBound({ positive: 4, negative: -10 }, [0, 255], 0), 2550);
  assert.is(winogradBound({ positive: 10, negative: -4 }, [-127, 127], 0), 14 * 127);
  assert.is(winogradBound({ positive: 10, negative: -4 }, [-128, 127], 0), 10 * 128 + 4 * 127);
  assert.is(winogradBound({ positive: 10, negative: 0 }, [0, 15], 200), 2000, 'padding reads the zero point');
  assert.is(winogradBound({ positive: 10, negative: -4 }, [5, 15], 0), 150, 'also below all codes');
  assert.is(winogradBound({ positive: 10, negative: -4 }, [5, 5], 5), 30, 'codes that are always 5');
  assert.is(winogradBound({ positive: 0, negative: 0 }, [0, 255], 255), 0);
});

test('parts: all channels as long as they fit, then equal parts of whole vectors', () => {
  const part = (channels: number, weight: number, range: Pair = [0, 255], outC = 1): number => winogradPart(new Int8Array(outC * channels * 9).fill(weight), [outC, channels], range, 0);
  assert.is(part(115, 127), 115, '115·9·127·255 < 2^25');
  assert.is(part(116, 127), 64);
  assert.is(part(230, -127), 80);
  assert.is(part(512, 127), 104);
  assert.is(part(512, 127, [0, 15]), 512);
  assert.is(part(512, 7, [-128, 127], 3), 512);
  assert.is(winogradPart(new Int8Array(2088 * 9).fill(7), [1, 2088], [0, 255], 0, 'i4'), 2088, '2088·9·7·255 < 2^25');
  assert.is(winogradPart(new Int8Array(2089 * 9).fill(7), [1, 2089], [0, 255], 0, 'i4'), 1048);
  // 2064·127 + 16 = 2^18, and 128 times that is the first sum that wraps.
  const toTheEnd = (last: number): Int8Array => new Int8Array(240 * 9).fill(127, 0, 2064).fill(last, 2064, 2065);
  assert.is(winogradPart(toTheEnd(15), [1, 240], [0, 128], 0), 240);
  assert.is(winogradPart(toTheEnd(16), [1, 240], [0, 128], 0), 120);
  // One channel that does not fit divides them all.
  const weights = new Int8Array(2 * 116 * 9);
  assert.is(winogradPart(weights.fill(127, 116 * 9), [2, 116], [0, 255], 0), 64);
});


/** Weights of one sign whose sum with code 127 is the last below 2^25, or the first that is not: 264,208 · 127 = 2^25 − 16. */
function atTheBound(sign: number, past: boolean): Int8Array {
  const weights = new Int8Array(240 * 9);
  weights.fill(sign * 127, 0, 2080);
  weights[2080] = sign * (264_208 - 2080 * 127 + (past ? 1 : 0));
  return weights;
}

for (const sign of [1, -1]) {
  for (const range of [[0, 127], [-127, 127]] as const) {
    test(`adversarial layers of ${sign * 127} on codes in ${range.join('..')}: at the bound in one part, past it in two, and right`, async () => {
      for (const past of [false, true]) {
        const graph = network({ shape: [240, 3, 3], outC: 1, weights: atTheBound(sign, past), range });
        const forced = await outcome(graph, { convolution: 'winograd_f43' }, 127);
        const direct = await outcome(graph, { convolution: 'direct' }, 127);
        assert.is(winogradPart(atTheBound(sign, past), [1, 240], range, 0), past ? 120 : 240);
        assert.is(forced.kernel, 'winograd_f43');
        assert.is(direct.kernel, 'conv2d');
        assert.equal(forced.result, direct.result);
        assert.is(Math.sign(forced.result[4] as number), sign);
      }
    });
  }
}

test('alternating weights: their sum is 0, the bound is not', async () => {
  const alternating = (channels: number): Int8Array => Int8Array.from({ length: channels * 9 }, (_, i) => (i % 2 === 0 ? 127 : -127));
  // 115 · 9 products of one sign and 255 fit; with 230 channels half of the weights have that sign.
  for (const [channels, range, part] of [[230, [0, 255], 230], [232, [0, 255], 120], [231, [-127, 127], 231], [232, [-127, 127], 120]] as const) {
    const weights = alternating(channels);
    assert.is(winogradPart(weights, [1, channels], range, 0), part);
    const graph = network({ shape: [channels, 3, 3], outC: 1, weights, range });
    const [forced, direct] = [await outcome(graph, { convolution: 'winograd_f43' }, range[1]), await outcome(graph, { convolution: 'direct' }, range[1])];
    assert.is(forced.kernel, 'winograd_f43');
    assert.equal(forced.result, direct.result);
  }
});

const geometry = (more: Partial<ConvolutionGeometry> = {}): ConvolutionGeometry => ({ inC: 64, outC: 64, outH: 56, outW: 56, kernel: [3, 3], stride: [1, 1], dilation: [1, 1], groups: 1, ...more });

test('work: whole tiles, quads of tiles, vectors of channels', () => {
  const products = (kind: CostKind, more: Partial<ConvolutionGeometry> = {}): number => workOf(kind, geometry(more)).products / (9 * 56 * 56 * 64 * 64);
  assert.is(products('direct_i16'), 1);
  assert.is(products('winograd_f43'), 0.25);
  assert.is(products('winograd_f23'), 16 / 36);
  assert.is(products('direct_bytes', { inC: 61 }), 1);
  assert.is(workOf('winograd_f43', geometry({ outH: 1, outW: 1, inC: 3, outC: 3 })).products, 36 * 4 * 8 * 8);
  // Three positions instead of four where the last tile of a row or column has one output.
  assert.is(workOf('winograd_f23', geometry({ outH: 7, outW: 7, inC: 16, outC: 8 })).products, 15 * 15 * 16 * 8);
  assert.is(workOf('direct_i16', geometry({ outH: 7, outW: 7, inC: 3, outC: 3 })).output, 52 * 8);
  // 27 codes under a window of 3 channels are 28 in whole steps.
  assert.is(workOf('direct_i16', geometry({ outH: 7, outW: 7, inC: 3, outC: 3 })).products, 52 * 28 * 8);
  assert.is(workOf('direct_bytes', geometry({ outH: 7, outW: 7, inC: 3, outC: 3 })).products, 52 * 28 * 8);
  assert.is(workOf('direct_bytes', geometry({ outH: 7, outW: 7, inC: 5, outC: 3 })).products, 52 * 72 * 8);
});

/** 1 byte direct, 16/9 by F(2,3), and 8 for F(4,3), which it would take if it kept its weights transformed. */
const BYTES: Readonly<Record<ConvolutionAlgorithm, number>> = { direct: 1, winograd_f23: 16 / 9, winograd_f43: 8 };

function layer(more: Partial<ConvolutionGeometry>, isExact: ConvolutionCandidates['isExact'] = () => true): ConvolutionCandidates {
  const shape = geometry(more);
  return { geometry: shape, direct: 'direct_i16', bytes: (algorithm) => BYTES[algorithm] * 9 * shape.inC * shape.outC, compactBytes: 0.6 * 9 * shape.inC * shape.outC, isExact };
}

/** What `balanced` has for one such layer alone. */
const ROOM = 9 * 64 * 64;

function only<Item>(items: readonly Item[]): Item {
  assert.is(items.length, 1);
  return items[0] as Item;
}

const EVEN: Coefficients = { products: 1, input: 0, output: 0, weights: 0, fixed: 0 };

test('the fastest that is exact and allowed, by the costs', () => {
  const asked: string[] = [];
  const choose = (costs: EngineCosts, options: ProgramOptions = {}, exact: readonly string[] = ['winograd_f23', 'winograd_f43']): string =>
    only(chooseConvolutions([layer({}, (one) => (asked.push(one), exact.includes(one)))], ROOM, costs, options));
  const costs = { direct_i16: EVEN, winograd_f23: EVEN, winograd_f43: EVEN };
  assert.is(choose(costs, { memory: 'fast' }), 'winograd_f43');
  assert.is(choose(costs), 'winograd_f23', 'balanced has no room for eight bytes per weight');
  assert.is(choose(costs, { memory: 'compact' }), 'direct');
  // As nibbles, its weights may rest packed.
  const nibbles = (share: number): ConvolutionCandidates => ({ ...layer({}), bytes: (algorithm) => (algorithm === 'winograd_f23' ? share : 1) * 9 * 64 * 64 });
  assert.is(only(chooseConvolutions([nibbles(0.6)], 0, costs, { memory: 'compact' })), 'winograd_f23');
  assert.is(only(chooseConvolutions([nibbles(0.61)], 0, costs, { memory: 'compact' })), 'direct');
  assert.is(choose(costs, { memory: 'fast' }, ['winograd_f23']), 'winograd_f23', 'past a bound the next one');
  assert.is(choose(costs, { memory: 'fast' }, []), 'direct');
  assert.is(choose({ ...costs, winograd_f43: { ...EVEN, products: 2 } }, { memory: 'fast' }), 'winograd_f23');
  assert.is(choose({ direct_i16: EVEN, winograd_f23: { ...EVEN, products: 36 / 16 } }), 'direct', 'no memory for what is no faster');
  assert.is(choose({ direct_i16: EVEN }, { memory: 'fast' }), 'direct', 'what was never measured is not taken');
  assert.is(only(chooseConvolutions([layer({})], 7 * ROOM, costs, {})), 'winograd_f43', 'what F(2,3) took first is given back');
  assert.is(choose(costs, { convolution: 'winograd_f43' }), 'winograd_f43', 'a forced one needs no memory mode');
  asked.length = 0;
  choose({ ...costs, winograd_f43: { ...EVEN, fixed: 1e12 } }, { memory: 'fast' });
  assert.equal(asked, ['winograd_f23'], 'no proof of what would not be taken');
});

test('what is left of twice the int8 weights goes where a byte saves most', () => {
  const costs = { direct_i16: EVEN, winograd_f43: EVEN };
  // The same products each, and four times the weights from one to the next.
  const network = [layer({}), layer({ outH: 28, outW: 28, inC: 128, outC: 128 }), layer({ outH: 14, outW: 14, inC: 256, outC: 256 })];
  const more = 7 * 9 * 64 * 64;
  const choose = (room: number, layers = network): string => chooseConvolutions(layers, room, costs, {}).map((one) => (one === 'direct' ? '-' : 'w')).join('');
  assert.is(choose(more - 1), '---');
  assert.is(choose(more), 'w--');
  assert.is(choose(5 * more - 1), 'w--');
  assert.is(choose(5 * more), 'ww-');
  assert.is(choose(21 * more), 'www');
  assert.is(choose(16 * more, [layer({}), layer({ outH: 28, outW: 28, inC: 256, outC: 256 })]), 'w-', 'not where it saves most in all');
  const [first, ...others] = network as [ConvolutionCandidates, ...ConvolutionCandidates[]];
  assert.is(choose(5 * more - 1, [{ ...first, isExact: () => false }, ...others]), '-w-', 'what a layer past its bound cannot have, the next gets');
});

test('the table of the package has every kernel of every part, and finite costs', () => {
  for (const [key, part] of Object.entries(COST_TABLE)) {
    const has = (kind: CostKind): boolean => {
      if (kind === 'direct_paired') return key === 'simd128';
      if (kind === 'winograd_f23') return key !== 'scalar';
      return kind !== 'direct_bytes' || (key !== 'scalar' && key !== 'simd128');
    };
    const expected = COST_KINDS.filter(has);
    assert.equal(Object.keys(part).sort(), expected.sort(), key);
    for (const coefficients of Object.values(part)) for (const cost of Object.values(coefficients)) assert.ok(Number.isFinite(cost) && cost >= 0);
  }
  assert.ok(COST_TABLE.simd128 !== undefined && COST_TABLE.vpdpbusd !== undefined);
});

test('ResNet layers run by Winograd where memory allows, single tiles direct', () => {
  // Of eight bits, so not by F(2,3).
  const choose = (more: Partial<ConvolutionGeometry>): string => only(chooseConvolutions([layer(more, (one) => one === 'winograd_f43')], 0, COST_TABLE.simd128 ?? {}, { memory: 'fast' }));
  for (const [size, channels] of [[56, 64], [28, 128], [14, 256], [7, 512]] as const) assert.is(choose({ outH: size, outW: size, inC: channels, outC: channels }), 'winograd_f43', `${channels}, ${size}²`);
  assert.is(choose({ outH: 1, outW: 1 }), 'direct');
  assert.is(choose({ inC: 3, outH: 4, outW: 4 }), 'direct');
});

test('F(4,3) takes a byte per weight, whatever the memory mode; the bits are the same', async () => {
  const weights = Int8Array.from({ length: 16 * 16 * 9 }, (_, i) => ((i * 37) % 255) - 127);
  const graph = network({ shape: [16, 11, 12], outC: 16, weights, range: [-128, 127], zeroPoint: -3 });
  const picture = Float32Array.from({ length: 16 * 132 }, (_, i) => (i * 31) % 120);
  // In `relaxed` eight-bit weights take one byte, and F(4,3) may lose to its dot products.
  for (const flavour of FLAVOURS.filter((one) => one !== 'relaxed')) {
    const results = [];
    for (const memory of [undefined, 'balanced', 'fast'] as const) {
      const model = await load(graph, { flavour, ...(memory === undefined ? {} : { memory }) });
      const perChannel = 2 * 64;
      assert.is(model.memory.weightBytes, weights.length + perChannel);
      const output = model.run(Tensor.from(picture, [1, 16, 11, 12]));
      results.push(output.toArray());
      output.dispose();
      model.dispose();
      assert.is(model.memory.liveBytes, 0);
    }
    assert.equal(results[0], results[1]);
    assert.equal(results[0], results[2]);
  }
  await errorOf('ERR_ARGUMENT', () => load(graph, { memory: 'huge' as 'fast' }));
});

test('balanced has twice the int8 weights of the whole network, those of dense layers too, to the byte', async () => {
  const conv = network({ shape: [4, 4, 24], outC: 16, weights: new Int8Array(16 * 4 * 9).fill(1), range: [0, 15] });
  const [x, y] = conv.values as [IntegerValue, IntegerValue];
  const withDense = (n: number): IntegerGraph => ({
    ...conv,
    values: [x, { ...y, dtype: 'i8', range: [-127, 127] }, { ...y, name: 'z', shape: [1, 16, 4, n] }],
    outputs: [{ name: 'z', value: 2, softmax: null }],
    tensors: new Map([...conv.tensors, ['dense', { dtype: 'i8', shape: [n, 24], data: new Int8Array(n * 24).fill(1) }]]),
    operations: [
      { ...only(conv.operations), clamp: [-127, 127] } as IntegerGraph['operations'][number],
      { op: 'dense', name: 'dense', inputs: [1], outputs: [2], weight: 'dense', bias: null, requantization: { form: 'q15', shift: 10, multiplier: 'm' }, clamp: [-32767, 32767] },
    ],
  });
  const kernel = async (n: number): Promise<string | undefined> => {
    const graph = withDense(n);
    validateIntegerGraph(graph);
    const program = createIntegerProgram(await engineOf('simd128'), graph, { costs: { simd128: { direct_i16: EVEN, winograd_f43: EVEN } } });
    program.dispose();
    return program.steps[0]?.kernels.join();
  };
  // 2·(576 + 24·n) − (576 + 8·16 + 32·⌈n⌉) bytes to spend, n rounded up to whole panels; F(4,3) rounds channels up to 8, and takes 1152 instead of 576.
  assert.is(await kernel(8), 'winograd_f43');
  assert.is(await kernel(7), 'conv2d');
});

test('compact keeps weights as small as the file has them, run after run the same bits', async () => {
  const count = 32 * 32 * 9;
  const picture = Float32Array.from({ length: 32 * 132 }, (_, i) => (i * 31) % 120);
  for (const dtype of ['i4', 'i8'] as const) {
    const most = dtype === 'i4' ? 7 : 127;
    const eightBit = network({ shape: [32, 11, 12], outC: 32, weights: Int8Array.from({ length: count }, (_, i) => ((i * 37) % (2 * most + 1)) - most), range: [-128, 127], zeroPoint: -3 });
    const weight = { ...(eightBit.tensors.get('w') as IntegerTensor), dtype };
    const graph = { ...eightBit, tensors: new Map([...eightBit.tensors, ['w', weight]]) };
    for (const flavour of FLAVOURS) {
      const [balanced, compact] = [await load(graph, { flavour }), await load(graph, { flavour, memory: 'compact' })];
      assert.ok(compact.memory.weightBytes <= (dtype === 'i4' ? 0.6 : 1.1) * count, `${dtype}, ${flavour}: ${compact.memory.weightBytes} bytes for ${count} weights`);
      const input = Tensor.from(picture, [1, 32, 11, 12]);
      const expected = balanced.run(input).toArray();
      for (let run = 0; run < 2; run++) assert.equal(compact.run(input).toArray(), expected, `${dtype}, ${flavour}, run ${run}`);
      balanced.dispose();
      compact.dispose();
    }
  }
});

test('only 3 × 3, stride 1, dilation 1, one group', async () => {
  const graph = network({ shape: [16, 9, 9], outC: 16, weights: new Int8Array(16 * 16 * 9).fill(1) });
  const [conv] = graph.operations;
  assert.ok(conv?.op === 'conv2d');
  const kernel = async (more: object, shape: readonly number[]): Promise<string> => {
    const values = graph.values.map((value, i) => (i === 1 ? { ...value, shape } : value));
    return (await outcome({ ...graph, values, operations: [{ ...conv, ...more }] }, { convolution: 'winograd_f43' }, 1)).kernel;
  };
  assert.is(await kernel({}, [1, 16, 9, 9]), 'winograd_f43');
  assert.is(await kernel({ stride: [1, 2] }, [1, 16, 9, 5]), 'conv2d');
  assert.is(await kernel({ dilation: [2, 1] }, [1, 16, 7, 9]), 'conv2d');
});

test.run();
