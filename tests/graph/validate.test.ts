/** A Graph that breaks its own rules is refused, with the node and what was expected. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Constant, Graph, GraphNode, ValueInfo } from '../../ts/graph/graph.js';
import { inferOutput } from '../../ts/graph/infer.js';
import { windowCount, windowCountCeil, everyWindowTouches } from '../../ts/graph/pool-window.js';
import { broadcastShapes } from '../../ts/graph/shape.js';
import { validateGraph } from '../../ts/graph/validate.js';
import { refusal } from '../engine/error-of.js';

const f32 = (...shape: number[]): ValueInfo => ({ dtype: 'f32', shape });
const constant = (...shape: number[]): Constant => ({ dtype: 'f32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

const conv: GraphNode = {
  op: 'Conv', name: 'conv', inputs: ['x', 'w', 'b'], outputs: ['y'],
  attributes: { kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1], dilation: [1, 1], groups: 2 },
};
const graph: Graph = {
  name: 'g', inputs: ['x'], outputs: ['y'], nodes: [conv],
  constants: new Map([['w', constant(4, 1, 3, 3)], ['b', constant(4)]]),
  values: new Map([['x', f32(1, 2, 5, 6)], ['y', f32(1, 4, 3, 3)]]),
};

test('a valid graph', () => validateGraph(graph));

test('names: missing, out of order, made twice', () => {
  assert.is(refusal(() => validateGraph({ ...graph, nodes: [{ ...conv, inputs: ['nowhere', 'w'] }] })).code, 'ERR_ARGUMENT');
  assert.is(refusal(() => validateGraph({ ...graph, nodes: [conv, conv] })).code, 'ERR_ARGUMENT');
  assert.is(refusal(() => validateGraph({ ...graph, outputs: ['z'] })).code, 'ERR_ARGUMENT');
  assert.is(refusal(() => validateGraph({ ...graph, values: new Map([['x', f32(1, 2, 5, 6)]]) })).code, 'ERR_ARGUMENT');
  assert.is(refusal(() => validateGraph({ ...graph, nodes: [{ ...conv, outputs: ['y', 'z'] }] })).code, 'ERR_ARGUMENT');
});

test('shapes that are not what the node makes', () => {
  const error = refusal(() => validateGraph({ ...graph, values: new Map([['x', f32(1, 2, 5, 6)], ['y', f32(1, 4, 3, 4)]]) }));
  assert.is(error.code, 'ERR_SHAPE');
  assert.is(error.message, 'Conv "conv": "output" expected [1, 4, 3, 3], got [1, 4, 3, 4]');
  assert.is(refusal(() => validateGraph({ ...graph, constants: new Map([...graph.constants, ['b', { ...constant(4), shape: [5] }]]) })).code, 'ERR_SHAPE');
  assert.is(refusal(() => validateGraph({ ...graph, constants: new Map([...graph.constants, ['b', { dtype: 'i64', shape: [4], data: [1, 2, 3, 4] }]]) })).code, 'ERR_DTYPE');
});

const wrong: Record<string, [GraphNode, ValueInfo[], number[]?]> = {
  'groups that do not divide': [{ ...conv, attributes: { ...conv.attributes, groups: 3 } } as GraphNode, [f32(1, 2, 5, 6), f32(4, 1, 3, 3)]],
  'a kernel larger than its input': [conv, [f32(1, 2, 0, 6), f32(4, 1, 3, 3)]],
  'an inner dimension': [{ op: 'MatMul', name: 'm', inputs: ['a', 'b'], outputs: ['y'], attributes: {} }, [f32(2, 3), f32(4, 2)]],
  'a bias that widens': [{ op: 'Gemm', name: 'g', inputs: ['a', 'b', 'c'], outputs: ['y'], attributes: { alpha: 1, beta: 1, transA: false, transB: false } }, [f32(1, 3), f32(3, 2), f32(4, 2)]],
  'a permutation': [{ op: 'Transpose', name: 't', inputs: ['a'], outputs: ['y'], attributes: { perm: [0, 0] } }, [f32(2, 3)]],
  'a slice outside': [{ op: 'Slice', name: 's', inputs: ['a'], outputs: ['y'], attributes: { starts: [2], steps: [2] } }, [f32(5)], [3]],
  'a slice with step 0': [{ op: 'Slice', name: 's', inputs: ['a'], outputs: ['y'], attributes: { starts: [2], steps: [0] } }, [f32(5)], [1]],
  'a gather index': [{ op: 'Gather', name: 'g', inputs: ['a'], outputs: ['y'], attributes: { axis: 0, indices: [5], indicesShape: [1] } }, [f32(5)]],
  'negative padding': [{ op: 'Pad', name: 'p', inputs: ['a'], outputs: ['y'], attributes: { before: [-1], after: [0], value: 0 } }, [f32(5)]],
  'concat of shapes that differ': [{ op: 'Concat', name: 'c', inputs: ['a', 'b'], outputs: ['y'], attributes: { axis: 0 } }, [f32(2, 3), f32(2, 4)]],
  'too many elements': [{ op: 'Add', name: 'a', inputs: ['a', 'b'], outputs: ['y'], attributes: {} }, [f32(65536, 1), f32(1, 65536)]],
  'a window all in the padding': [
    { op: 'MaxPool', name: 'p', inputs: ['a'], outputs: ['y'], attributes: { kernel: [2, 2], stride: [2, 2], pads: [2, 0, 0, 0], dilation: [1, 1], countIncludePad: false } },
    [f32(1, 1, 4, 4)], [1, 1, 3, 2],
  ],
};

for (const [what, [node, inputs, declared]] of Object.entries(wrong)) {
  test(`refused: ${what}`, () => assert.is(refusal(() => inferOutput(node, inputs, declared)).code, 'ERR_SHAPE'));
}

test('matmul of ranks 1 to 4', () => {
  const node: GraphNode = { op: 'MatMul', name: 'm', inputs: ['a', 'b'], outputs: ['y'], attributes: {} };
  assert.equal(inferOutput(node, [f32(3), f32(3)]).shape, []);
  assert.equal(inferOutput(node, [f32(3), f32(2, 3, 4)]).shape, [2, 4]);
  assert.equal(inferOutput(node, [f32(5, 1, 2, 3), f32(4, 3, 6)]).shape, [5, 4, 2, 6]);
});

test('windows', () => {
  assert.is(windowCount(5, 1, 1, 3, 2, 1), 3);
  assert.is(windowCountCeil(4, 0, 0, 3, 2, 1), 2);
  assert.is(windowCountCeil(6, 1, 0, 2, 3, 1), 3);
  assert.is(windowCountCeil(2, 1, 1, 1, 3, 1), 1, 'a window that starts in the trailing padding is dropped');
  assert.ok(everyWindowTouches(3, 5, 1, 3, 2, 1));
  assert.not(everyWindowTouches(2, 2, 3, 2, 3, 2));
});

test('broadcasting', () => {
  assert.equal(broadcastShapes([3, 1], [2, 1, 4]), [2, 3, 4]);
  assert.equal(broadcastShapes([], [2]), [2]);
  assert.is(broadcastShapes([3], [2]), undefined);
});

test.run();
