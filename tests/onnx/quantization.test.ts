/** QuantizeLinear and DequantizeLinear one at a time: zero points, types, axes and bounds, and what is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onnxModel } from '../../bench/peers/onnx-writer.mjs';
import type { Graph, GraphNode } from '../../ts/graph/graph.js';
import { quantizeFloat } from '../../ts/graph/quantize-float.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { codesOfType } from '../../ts/onnx/quantization.js';
import { DataType } from '../../ts/onnx/tensor.js';
import { errorOf } from '../engine/error-of.js';

type Tensor = Parameters<typeof onnxModel>[0]['tensors'][number];
type Node = Parameters<typeof onnxModel>[0]['nodes'][number];

const f32 = (name: string, shape: readonly number[], ...data: number[]): Tensor => ({ name, type: 'f32', shape: [...shape], data: Float32Array.from(data) });
const u8 = (name: string, shape: readonly number[], ...data: number[]): Tensor => ({ name, type: 'u8', shape: [...shape], data: Uint8Array.from(data) });
const i8 = (name: string, shape: readonly number[], ...data: number[]): Tensor => ({ name, type: 'i8', shape: [...shape], data: Int8Array.from(data) });
const node = (op: string, inputs: readonly string[], output: string, attributes = {}): Node => ({ op, inputs: [...inputs], outputs: [output], attributes });

/** From x [1, 2] to y [1, 3] or whatever the nodes make of it. */
const bytesOf = (nodes: readonly Node[], tensors: readonly Tensor[], width = 2): Uint8Array =>
  onnxModel({ nodes: [...nodes], tensors: [...tensors], inputs: [{ name: 'x', type: 'f32', shape: [1, 2] }], outputs: [{ name: 'y', type: 'f32', shape: [1, width] }] });
const graphOf = (nodes: readonly Node[], tensors: readonly Tensor[], width?: number): Promise<Graph> => importOnnx(bytesOf(nodes, tensors, width), { optimize: false });

type FakeQuantize = Extract<GraphNode, { op: 'FakeQuantize' }>;
const quantizers = (graph: Graph): FakeQuantize[] => graph.nodes.filter((one): one is FakeQuantize => one.op === 'FakeQuantize');
const weights = (graph: Graph): number[] => quantizers(graph).flatMap(({ inputs }) => [...(graph.constants.get(inputs[0]!)?.data ?? [])]);

const PRODUCT = node('MatMul', ['x', 'w'], 'y');
const THERE_AND_BACK = [node('QuantizeLinear', ['v', 's', 'z'], 'q'), node('DequantizeLinear', ['q', 's', 'z'], 'w')];

test('weights that the file quantizes itself count from their zero point', async () => {
  const graph = await graphOf([...THERE_AND_BACK, PRODUCT], [f32('v', [2, 3], 0.5, -0.25, 0.3, -0.75, -9, 1), f32('s', [], 0.25), u8('z', [], 3)], 3);
  // Codes 5, 2, 4, 0, 0 (clamped) and 7.
  assert.equal(weights(graph), [0.5, -0.25, 0.25, -0.75, -0.75, 1]);
});

test('scales lie along axis 1 if no axis is said, and are as many as it is long', async () => {
  const dequantize = (attributes = {}): Node => node('DequantizeLinear', ['c', 's', 'z'], 'w', attributes);
  const codes = i8('c', [2, 3], 1, 2, 3, 4, 5, 6);
  const scales = [f32('s', [3], 1, 2, 4), i8('z', [3], 1, 1, 1)];
  assert.equal(weights(await graphOf([dequantize(), PRODUCT], [codes, ...scales], 3)), [0, 2, 8, 3, 8, 20]);
  assert.match((await errorOf('ERR_ONNX_INVALID', () => graphOf([dequantize({ axis: 0 }), PRODUCT], [codes, ...scales], 3))).message, '2 along axis 0');
  const differ = await errorOf('ERR_ONNX_UNSUPPORTED', () => graphOf([dequantize(), PRODUCT], [codes, f32('s', [3], 1, 2, 4), i8('z', [3], 1, 2, 1)], 3));
  assert.match(differ.message, 'zero points that differ');
});

test('codes of a value are read with the scale, the zero point and the type that made them', async () => {
  const value = (second: readonly string[], tensors: readonly Tensor[]): Promise<Graph> =>
    graphOf([node('QuantizeLinear', ['x', 's', 'z'], 'q'), node('DequantizeLinear', ['q', ...second], 'y')], [f32('s', [], 0.25), u8('z', [], 3), ...tensors]);
  assert.equal(quantizers(await value(['s', 'z'], [])).map(({ attributes }) => attributes), [{ scale: 0.25, range: [-3, 252] }]);
  for (const [second, tensor] of [[['s', 'other'], u8('other', [], 4)], [['s', 'other'], i8('other', [], 3)], [['other', 'z'], f32('other', [], 0.5)]] as const) {
    assert.match((await errorOf('ERR_ONNX_UNSUPPORTED', () => value(second, [tensor]))).message, 'another scale or zero point');
  }
});

test('bounds in front of codes become bounds of the codes, if 0 is among them', async () => {
  const clipped = async (lo: number, hi: number): Promise<{ ops: string[]; input: string; range: readonly number[] }> => {
    const graph = await graphOf(
      [node('Clip', ['x', 'lo', 'hi'], 'c'), node('QuantizeLinear', ['c', 's', 'z'], 'q'), node('DequantizeLinear', ['q', 's', 'z'], 'y')],
      [f32('lo', [], lo), f32('hi', [], hi), f32('s', [], 0.25), u8('z', [], 8)],
    );
    const [one] = quantizers(graph) as [FakeQuantize];
    return { ops: graph.nodes.map(({ op }) => op), input: one.inputs[0]!, range: one.attributes.range };
  };
  assert.equal((await clipped(-1, 6)).range, [-4, 24]);
  assert.is((await clipped(-1, 6)).input, 'x');
  const above = await clipped(1, 6);
  assert.equal(above.range, [-8, 247]);
  assert.ok(above.ops.includes('Clip') && above.input !== 'x', 'the clamp stays');
});

test('types of codes, and rounding to even', () => {
  const { UINT8, INT8, UINT4, INT4, INT32 } = DataType;
  assert.equal([UINT8, INT8, UINT4, INT4, INT32].map(codesOfType), [[0, 255], [-128, 127], [0, 15], [-8, 7], undefined]);
  assert.equal([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.51].map((x) => quantizeFloat(x, 1, 3, [-10, 10]) - 3), [-2, -2, 0, 0, 2, 2, 3]);
});

test.run();
