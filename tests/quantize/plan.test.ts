/** From ONNX operators to the operations of SPEC 3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import type { GraphNode } from '../../ts/graph/graph.js';
import { buildPlan } from '../../ts/quantize/plan/build-plan.js';
import type { LinearOp } from '../../ts/quantize/plan/plan.js';
import { arithmeticRuns } from '../../ts/quantize/plan/shape-nodes.js';
import { compileAssumed, NetworkBuilder } from './networks.js';

test('every unsupported node is in one error', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 4]);
  net.node({ name: 'inner', op: 'Softmax', inputs: [x], outputs: ['p'], attributes: { axis: 1 } }, [1, 4]);
  net.node({ name: 'product', op: 'MatMul', inputs: ['p', 'p'], outputs: ['q'], attributes: {} }, [1, 4]);
  net.node({ name: 'padded', op: 'Pad', inputs: ['q'], outputs: ['r'], attributes: { before: [0, 1], after: [0, 1], value: -Infinity } }, [1, 6]);
  try {
    buildPlan(net.graph(['r']));
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof DyadicError && error.code === 'ERR_QUANTIZE_UNSUPPORTED');
    assert.is((error as DyadicError).details.length, 3);
    for (const text of ['"inner" (Softmax)', '"product" (MatMul)', '"padded" (Pad)']) assert.ok((error as DyadicError).message.includes(text), text);
  }
});

test('Gemm: alpha and beta are folded, both layouts of B give the same weights', () => {
  const rows = [1, 2, 3, 4, 5, 6];
  const columns = [1, 4, 2, 5, 3, 6];
  const layers = ([true, false] as const).map((transB) => {
    const net = new NetworkBuilder();
    const x = net.input('x', [1, 3]);
    net.constant('w', transB ? [2, 3] : [3, 2], transB ? rows : columns);
    net.constant('b', [1, 2], [10, 20]);
    net.node({ name: 'fc', op: 'Gemm', inputs: [x, 'w', 'b'], outputs: ['y'], attributes: { alpha: 0.5, beta: 2, transA: false, transB } }, [1, 2]);
    return buildPlan(net.graph(['y'])).nodes[0]!.op as LinearOp;
  });
  for (const layer of layers) assert.equal([[...layer.weight], [...layer.bias!], layer.weightShape], [[0.5, 1, 1.5, 2, 2.5, 3], [20, 40], [2, 3]]);
});

test('a convolution into Reshape into Gemm compiles', () => {
  const net = new NetworkBuilder();
  const conv = net.conv('conv', net.input('x', [1, 3, 4, 4]), 2);
  net.gemm('fc', net.reshape('flat', conv, [1, 32]), 5);
  const { graph } = compileAssumed(net.graph(['fc.y']));
  assert.equal(graph.operations.map(({ op }) => op), ['conv2d', 'reshape', 'dense']);
});

test('batch norm of rank 2 and constants added per channel and per element', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 4]);
  const parameters = (['g', 'b', 'm'] as const).map((name) => net.constant(name, [4]));
  parameters.push(net.constant('v', [4], [1, 2, 3, 4]));
  net.node({ name: 'norm', op: 'BatchNormalization', inputs: [x, ...parameters], outputs: ['n'], attributes: { epsilon: 0 } }, [1, 4]);
  net.constant('c', [4], [1, 2, 3, 4]);
  net.node({ name: 'plus', op: 'Add', inputs: ['c', 'n'], outputs: ['y'], attributes: {} }, [1, 4]);
  const { graph } = compileAssumed(net.graph(['y']));
  assert.equal(graph.operations.map(({ op }) => op), ['reshape', 'conv2d', 'reshape', 'reshape', 'conv2d', 'reshape']);

  const image = new NetworkBuilder();
  image.constant('e', [1, 1, 2, 2], [1, 2, 3, 4]);
  image.node({ name: 'plus', op: 'Add', inputs: [image.input('x', [1, 3, 2, 2]), 'e'], outputs: ['y'], attributes: {} }, [1, 3, 2, 2]);
  const [, layer] = buildPlan(image.graph(['y'])).nodes;
  assert.equal([...(layer!.op as LinearOp).bias!], [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
});

test('a mean over any axes is an average pool', () => {
  const net = new NetworkBuilder();
  net.node({ name: 'mean', op: 'ReduceMean', inputs: [net.input('x', [1, 3, 4, 5])], outputs: ['y'], attributes: { axes: [1, -1], keepdims: false } }, [1, 4]);
  const plan = buildPlan(net.graph(['y']));
  assert.equal(plan.nodes.map(({ op }) => op.kind), ['transpose', 'reshape', 'average_pool', 'reshape']);
  assert.equal(plan.shapes.get(plan.nodes[1]!.output), [1, 4, 15, 1]);
  compileAssumed(net.graph(['y']));
});

test('gather: runs of indices are slices', () => {
  assert.equal(arithmeticRuns([0, 1, 2, 5, 3, 1, 7]), [{ start: 0, step: 1, count: 3 }, { start: 5, step: -2, count: 3 }, { start: 7, step: 1, count: 1 }]);
  assert.equal(arithmeticRuns([2, 2, 2]), [{ start: 2, step: 1, count: 1 }, { start: 2, step: 1, count: 1 }, { start: 2, step: 1, count: 1 }]);
  const net = new NetworkBuilder();
  const attributes = { axis: 2, indices: [1, 0, 1, 2], indicesShape: [4] };
  net.node({ name: 'mirror', op: 'Gather', inputs: [net.input('x', [1, 1, 3, 3])], outputs: ['y'], attributes } as GraphNode, [1, 1, 4, 3]);
  const { graph } = compileAssumed(net.graph(['y']));
  assert.equal(graph.operations.map(({ op }) => op), ['requantize', 'slice', 'slice', 'concat', 'reshape']);
});

test.run();
