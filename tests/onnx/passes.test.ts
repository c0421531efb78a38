/** What optimize() makes of the tiny models: which operators are left, and how. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph, GraphNode, GraphOp } from '../../ts/graph/graph.js';
import { optimize } from '../../ts/graph/optimize.js';
import { importOnnx } from '../../ts/onnx/import.js';
import type { ImportOptions } from '../../ts/onnx/import.js';

const load = (name: string, options?: ImportOptions) => importOnnx(readFileSync(new URL(`models/${name}.onnx`, import.meta.url)), options);
const ops = (graph: Graph) => graph.nodes.map((node) => node.op);

function only<Op extends GraphOp>(graph: Graph, op: Op): GraphNode & { op: Op } {
  const found = graph.nodes.filter((node): node is GraphNode & { op: Op } => node.op === op);
  assert.is(found.length, 1);
  return found[0]!;
}

const left: Record<string, GraphOp[]> = {
  conv_bn_relu: ['Conv'],
  conv_bias_bn_clip: ['Conv'],
  gemm_bn: ['Gemm'],
  conv_add_bias: ['Conv'],
  conv_shared: ['Conv', 'Relu', 'Add'],
  matmul_add_relu: ['Gemm'],
  matmul_batch_bias: ['MatMul', 'Add'],
  matmul_2d: ['Gemm'],
  pad_conv: ['Conv'],
  pad_average_pool: ['AveragePool'],
  pad_average_pool_own: ['Pad', 'AveragePool'],
  pad_max_pool: ['MaxPool'],
  reshape_chain: ['Reshape'],
  transpose_ones: ['Reshape', 'Relu'],
  no_ops: ['Relu'],
  slice_slice: ['Slice'],
  shape_chain: ['Reshape'],
  constants: ['Add'],
  reduce_mean_spatial: ['AveragePool', 'Reshape'],
  reduce_mean_noop: ['Relu'],
  dynamic_batch: ['Reshape'],
  dead_nodes: ['Relu'],
  pad_wrap: ['Gather', 'Gather'],
  residual: ['Conv', 'Conv', 'Slice', 'Pad', 'Add', 'AveragePool', 'Reshape', 'Gemm'],
};

for (const [name, expected] of Object.entries(left)) {
  test(`${name} becomes ${expected.join(', ')}`, async () => assert.equal(ops(await load(name)), expected));
}

test('optimize is a fixed point and leaves its argument alone', async () => {
  const graph = await load('residual', { optimize: false });
  const before = JSON.stringify([graph.nodes, [...graph.values], [...graph.constants]]);
  const once = optimize(graph);
  assert.is(JSON.stringify([graph.nodes, [...graph.values], [...graph.constants]]), before);
  assert.is(optimize(once), once);
});

test('constants and values that are not used any more are gone', async () => {
  const graph = await load('conv_bias_bn_clip');
  assert.is(graph.constants.size, 2);
  assert.equal([...graph.values.keys()], ['x', 'y']);
});

test('activations become bounds', async () => {
  assert.equal(only(await load('conv_bn_relu'), 'Conv').bounds, { lo: 0, hi: Infinity });
  assert.equal(only(await load('conv_bias_bn_clip'), 'Conv').bounds, { lo: -1, hi: 1 });
  assert.is(only(await load('conv_shared'), 'Conv').bounds, undefined);
});

test('batch norm folds in the f32 order of SPEC 4.2', async () => {
  const graph = await load('conv_bias_bn_clip', { optimize: false });
  const conv = only(graph, 'Conv');
  const norm = only(graph, 'BatchNormalization');
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => graph.constants.get(name)!.data);
  const f = Math.fround;
  const g = Array.from(gamma!, (value, c) => f(value * f(1 / f(Math.sqrt(f(variance![c]! + norm.attributes.epsilon))))));
  const h = Array.from(beta!, (value, c) => f(value - f(mean![c]! * g[c]!)));
  const weight = graph.constants.get(conv.inputs[1]!)!;
  const bias = graph.constants.get(conv.inputs[2]!)!;
  const folded = only(optimize(graph), 'Conv');
  const constants = optimize(graph).constants;
  assert.equal([...constants.get(folded.inputs[1]!)!.data], Array.from(weight.data, (value, i) => f(value * g[Math.floor(i / 8)]!)));
  assert.equal([...constants.get(folded.inputs[2]!)!.data], Array.from(bias.data, (value, c) => f(f(value * g[c]!) + h[c]!)));
});

test('a dense layer ends as x · Wᵀ + b', async () => {
  for (const name of ['gemm', 'gemm_no_c', 'gemm_scalar_c', 'matmul_2d', 'gemm_bn']) {
    const graph = await load(name);
    const gemm = only(graph, 'Gemm');
    assert.equal(gemm.attributes, { alpha: 1, beta: 1, transA: false, transB: true }, name);
    const [n] = graph.constants.get(gemm.inputs[1]!)!.shape;
    if (gemm.inputs.length > 2) assert.equal(graph.constants.get(gemm.inputs[2]!)!.shape, [n], name);
  }
});

test('padding moves into the window', async () => {
  assert.equal(only(await load('pad_conv'), 'Conv').attributes.pads, [1, 1, 2, 0]);
  const pool = only(await load('pad_average_pool'), 'AveragePool').attributes;
  assert.equal(pool.pads, [1, 1, 1, 0]);
  assert.ok(pool.countIncludePad);
});

test('slices compose', async () => {
  assert.equal(only(await load('slice_slice'), 'Slice').attributes, { starts: [0, 0, 0, 0], steps: [1, 1, 2, 2] });
});

test('a graph output keeps its name, also as a copy of an input or of another output', async () => {
  const graph = await load('two_outputs');
  assert.equal(graph.outputs, ['y', 'z', 'w']);
  assert.equal(ops(graph), ['Relu', 'Reshape', 'Reshape']);
  assert.equal(ops(await load('identity')), ['Reshape']);
});

test.run();
