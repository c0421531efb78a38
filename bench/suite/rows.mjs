/**
 * The rows of the benchmarks: what is measured, its id, and what it has to reach. An id is the number of a row in the table of aims, the shape, and the variant
 * where a shape has several: `1/64x56x56`, `2/64x56x56/n8`, `9/resnet18/int4`. Rows under `more/` have no aim.
 *
 *   1  INT4 3×3 convolutions                 6  depthwise convolutions              11  size of the wasm modules
 *   2  INT8 3×3 convolutions, every pair     7  first convolutions of networks      12  cold start
 *   3  products, n8×i8 and W4A8              8  unfused steps of ResNet-18          13  memory and time of loading
 *   4  products, i8×i8 full range, INT4      9  ResNet-18
 *   5  1×1 convolutions                     10  MobileNetV2, SqueezeNet
 */
import { convolution, gemm } from '../peers/workloads.mjs';
import { atLeast, atMost } from './aims.mjs';

const [N20, N24] = [{ on: 20 }, { on: 24 }];
const LITERT = 'litert';
const ORT = 'onnxruntime-web';

/** Operands, and the memory mode where it is not `balanced`. */
const VARIANTS = {
  f32: { type: 'f32' }, n8: { type: 'n8' }, int8: { type: 'int8' }, s8: { type: 's8' }, w4a8: { type: 'w4a8' }, int4: { type: 'int4' },
  fast: { type: 'int8', memory: 'fast' },
};

/** [number, variant, aims]: the first variant of a number needs no suffix. */
function rows(name, list) {
  const seen = new Set();
  return list.map(([number, variant, aims = []]) => {
    const id = seen.has(number) || number === 'more' ? `${number}/${name}/${variant}` : `${number}/${name}`;
    seen.add(number);
    return { id, number, variant, ...VARIANTS[variant], aims };
  });
}

/** A shape with its rows. */
function kernel(shape, list) {
  return { kind: 'kernel', id: shape.id, shape, rows: rows(shape.id.slice(shape.id.indexOf('/') + 1), list) };
}

function product(size, { peak = [], withFloat = true, copies } = {}) {
  const [wide, narrow] = [[atLeast(1.2, LITERT, N24), ...peak], [atLeast(1.2, ORT)]];
  return kernel(gemm(size, size, size, { copies }), [
    [3, 'n8', wide], [3, 'w4a8', wide], [4, 's8', narrow], [4, 'int8'], [4, 'int4', [atLeast(1.7, ORT, N20)]], ...(withFloat ? [['more', 'f32']] : []),
  ]);
}

/** Rows 1 and 2. `int4` and `int8` are their aims; in every operand pair, and `fast`, where the aims of row 2 are. */
function spatial(channels, size, { int4, int8 = [], copies }) {
  const pairs = int8.length === 0 ? ['int8'] : ['int8', 'n8', 's8', 'w4a8', 'fast'];
  return kernel(convolution('3x3', [channels, size, size], channels, { copies }), [[1, 'int4', int4], ...pairs.map((variant) => [2, variant, int8]), ['more', 'f32']]);
}

const int8Aims = (n24, n20) => [atLeast(n24, LITERT, N24), atLeast(n20, 'best', N20)];
const int4Aims = (factor) => [atLeast(2.2, LITERT, N24), atLeast(factor, 'peak', { ...N24, intel: 1.8 })];

function pointwise(inC, outC) {
  const aims = (variant) => [atLeast(1.25, LITERT, N24), atLeast(0.88, { row: `4/512x512x512/${variant}` }, N24)];
  return kernel(convolution('1x1', [inC, 56, 56], outC, { window: 1 }), [[5, 'int8', aims('int8')], [5, 'int4', aims('int4')], ['more', 'f32']]);
}

function depthwise(stride) {
  return kernel(convolution('depthwise', [144, 56, 56], 144, { groups: 144, stride }), [[6, 'int8', [atLeast(2.2, LITERT, N24), atLeast(1.5, LITERT, N20)]], [6, 'int4'], ['more', 'f32']]);
}

function stem(outC, window) {
  return kernel(convolution('stem', [3, 224, 224], outC, { window, stride: 2 }), [[7, 'int8', [atLeast(1.5, LITERT)]], [7, 'int4'], ['more', 'f32']]);
}

export const KERNELS = [
  product(256, {}),
  product(512, { peak: [atLeast(0.95, 'peak', N24)] }),
  product(1024, { withFloat: false, copies: 3 }),
  spatial(64, 56, { int4: int4Aims(1.5), int8: int8Aims(1.4, 3) }),
  spatial(128, 28, { int4: int4Aims(1.6), int8: int8Aims(1.4, 3) }),
  spatial(256, 14, { int4: int4Aims(1.6), int8: int8Aims(1.1, 2.3) }),
  // 28 times 2.4 million weights: 64 MB, so none is in a cache when its turn comes.
  spatial(512, 7, { int4: [atLeast(1.6, LITERT, N24)], copies: 28 }),
  pointwise(256, 64),
  pointwise(64, 256),
  depthwise(1),
  depthwise(2),
  stem(64, 7),
  stem(32, 3),
];

function network(name, list) {
  return { kind: 'network', id: `network/${name}`, network: name, rows: rows(name, list) };
}

/** Networks with random weights: speed does not ask what was learned. */
export const ARCHITECTURE_NETWORKS = [
  network('resnet18', [
    [9, 'int8', [atLeast(1.3, LITERT, N24), atLeast(2.3, 'best', N20)]],
    [9, 'fast', [atLeast(2.7, 'best', N20)]],
    [9, 'int4', [atLeast(1.7, LITERT, N24), atLeast(8, { row: '9/resnet18/f32', peer: ORT }, N24)]],
    [9, 'f32'],
  ]),
  network('mobilenetv2', [
    [10, 'int8', [atLeast(1.3, LITERT), atLeast(5, ORT, N20)]],
    [10, 'fast'],
    [10, 'int4', [atLeast(1, { row: '10/mobilenetv2' })]],
    [10, 'f32'],
  ]),
];

/** Networks whose files lie in the shared data folder. */
export const FILE_NETWORKS = [
  network('squeezenet', [[10, 'int8'], [10, 'int4'], [10, 'f32']]),
  network('resnet20', [['more', 'int8'], ['more', 'int4'], ['more', 'f32']]),
];

const LOADING = 'ResNet-18';
const fact = (id, work, unit, aims, question) => ({ id, number: Number(id.split('/')[0]), variant: null, work, unit, aims, question });
const facts = (id, ...list) => ({ kind: 'facts', id, rows: list });

/** What is no speed of a kernel or a network. `question`: what facts.mjs measures for it. */
export const FACTS = [
  facts('unfused',
    fact('8/resnet18', 'ResNet-18 int8: time outside of convolutions and the dense layer', '%', [atMost(12)], { ask: 'unfused', type: 'int8' }),
    fact('8/resnet18/int4', 'ResNet-18 int4: the same', '%', [atMost(12)], { ask: 'unfused', type: 'int4' })),
  facts('wasm', ...['relaxed', 'simd128', 'scalar'].map((flavour) => fact(`11/${flavour}`, `${flavour}.wasm, brotli`, 'KB', [atMost(60)], { ask: 'brotli', flavour }))),
  facts('start', fact('12/cold-start', 'fresh process: import to the first result of the example, beyond bare Node', 'ms', [atMost(20, N24)], { ask: 'coldStart' })),
  facts('loading',
    ...[['balanced', 'int8', [atMost(2)]], ['balanced', 'int4', [atMost(2)]], ['fast', 'int8', []], ['compact', 'int4', [atMost(0.6)]], ['compact', 'int8', []]].map(([memory, type, aims]) =>
      fact(`13/${memory}/${type}`, `${LOADING} ${type}, ${memory}: resident weights ÷ int8 weights`, '×', aims, { ask: 'weights', type, memory })),
    ...['int8', 'int4'].map((type) => fact(`13/load/${type}`, `${LOADING} ${type}: load and pack, per MB of .dyad`, 'ms/MB', [atMost(15)], { ask: 'load', type }))),
];

export const SUITE = [...KERNELS, ...ARCHITECTURE_NETWORKS, ...FILE_NETWORKS, ...FACTS];

/** The jobs with only those rows whose id, or whose job's id, matches; jobs without rows are left out. */
export function select(suite, only) {
  return suite.map((job) => ({ ...job, rows: job.rows.filter(({ id }) => only.test(id) || only.test(job.id)) })).filter((job) => job.rows.length > 0);
}
