/** What is exported imports again as the same network: equal outputs, bit for bit, of every tiny model of tests/onnx/models. */
import { readFileSync } from 'node:fs';
import { PbfReader } from 'pbf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph } from '../../ts/graph/graph.js';
import { elementCount } from '../../ts/graph/shape.js';
import { exportOnnx } from '../../ts/onnx/export/export.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { readModel } from '../../ts/onnx/proto.js';
import { DataType } from '../../ts/onnx/tensor.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import { errorOf } from '../engine/error-of.js';
import { engineOf } from '../engine/flavours.js';
import { NetworkBuilder } from '../quantize/networks.js';
import { testInput } from './test-input.js';

const folder = new URL('models/', import.meta.url);
const cases = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as Record<string, { inputs: Record<string, number[]> }>;
const engine = await engineOf('scalar');

function run(graph: Graph): Map<string, Float32Array> {
  const program = createFloatProgram(engine, graph);
  const inputs = graph.inputs.map((name, k) => [name, { kind: 'f32', data: Float32Array.from(testInput(elementCount(graph.values.get(name)!.shape), k)) }] as const);
  const outputs = program.run(new Map(inputs));
  program.dispose();
  return new Map(outputs);
}

const bits = (data: Float32Array): number[] => [...new Uint32Array(data.buffer, data.byteOffset, data.length)];

for (const [name, { inputs }] of Object.entries(cases)) {
  for (const optimize of [false, true]) {
    test(`${name}${optimize ? ', optimized' : ''}`, async () => {
      const graph = await importOnnx(readFileSync(new URL(`${name}.onnx`, folder)), { optimize, shapes: inputs });
      const again = await importOnnx(await exportOnnx(graph), { optimize });
      assert.equal([again.inputs, again.outputs], [graph.inputs, graph.outputs]);
      const [before, after] = [run(graph), run(again)];
      for (const [output, data] of before) assert.equal(bits(after.get(output)!), bits(data), output);
    });
  }
}

/** x → 4-bit codes → Conv with weights of 4 bits → signed codes. */
function quantized(): Graph {
  const net = new NetworkBuilder(3);
  const x = net.input('x', [1, 2, 3, 3]);
  const seen = net.node({ name: 'q', op: 'FakeQuantize', inputs: [x], outputs: ['q.y'], attributes: { scale: 0.125, range: [0, 15] } }, net.shape(x));
  net.constant('w', [1, 2, 1, 1], [0.3, -9]);
  net.node({ name: 'qw', op: 'FakeQuantize', inputs: ['w'], outputs: ['qw.y'], attributes: { scale: 0.25, range: [-7, 7] } }, [1, 2, 1, 1]);
  const attributes = { kernel: [1, 1], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
  const y = net.node({ name: 'c', op: 'Conv', inputs: [seen, 'qw.y'], outputs: ['c.y'], attributes }, [1, 1, 3, 3]);
  return net.graph([y]);
}

test('FakeQuantize computes codes and reads them back', () => {
  const x = testInput(18, 0);
  const code = (value: number): number => Math.min(Math.max(Math.round(value / 0.125), 0), 15) * 0.125;
  const expected = Array.from({ length: 9 }, (_, i) => code(x[i]!) * 0.25 + code(x[i + 9]!) * -1.75);
  const out = run(quantized()).get('c.y')!;
  expected.forEach((value, i) => assert.ok(Math.abs(out[i]! - value) < 1e-5, `${i}: ${out[i]} instead of ${value}`));
});

test('a float file has the weights as they were and quantizes nothing', async () => {
  const bytes = await exportOnnx(quantized());
  const { graph } = readModel(bytes, PbfReader);
  assert.equal(graph!.nodes.map(({ opType, inputs }) => [opType, inputs]), [['Conv', ['x', 'w']]]);
  const again = await importOnnx(bytes);
  assert.equal([...again.constants.get('w')!.data], [Math.fround(0.3), -9]);
});

test('qdq: clip, QuantizeLinear and DequantizeLinear on values, codes behind a DequantizeLinear for weights', async () => {
  const { graph, opsets, irVersion } = readModel(await exportOnnx(quantized(), { format: 'qdq' }), PbfReader);
  assert.equal([opsets[0]!.version, irVersion], [17, 8]);
  assert.equal(graph!.nodes.map(({ opType }) => opType), ['Clip', 'QuantizeLinear', 'DequantizeLinear', 'DequantizeLinear', 'Conv']);
  const codes = graph!.initializers.find(({ name }) => name === 'qw.y.codes')!;
  assert.equal([codes.dataType, [...codes.raw!]], [DataType.INT8, [1, 256 - 7]]);
});

test('qdq comes back with its codes', async () => {
  const { nodes } = await importOnnx(await exportOnnx(quantized(), { format: 'qdq' }));
  const codes = (graph: Graph): unknown => graph.nodes.flatMap((node) => (node.op === 'FakeQuantize' ? [node.attributes] : []));
  assert.equal(codes({ ...quantized(), nodes }), codes(quantized()));
});

test('qdq with 4-bit weights: opset 21, two codes to a byte, activations in bytes', async () => {
  const { graph, opsets, irVersion } = readModel(await exportOnnx(quantized(), { format: 'qdq', weights: 'int4' }), PbfReader);
  assert.equal([opsets[0]!.version, irVersion], [21, 10]);
  const tensor = (wanted: string): unknown => graph!.initializers.filter(({ name }) => name === wanted).map(({ dataType, raw }) => [dataType, [...raw!]]);
  assert.equal(tensor('qw.y.codes'), [[DataType.INT4, [1 | (9 << 4)]]]);
  assert.equal(tensor('q.y.zero_point'), [[DataType.UINT8, [0]]]);
});

test('an open batch has a name in inputs and outputs, and Reshape copies it', async () => {
  const net = new NetworkBuilder(1);
  const x = net.input('x', [1, 2, 3, 3]);
  const y = net.node({ name: 'r', op: 'Reshape', inputs: [x], outputs: ['y'], attributes: { shape: [1, 18] } }, [1, 18]);
  const { graph } = readModel(await exportOnnx(net.graph([y]), { batch: 'open' }), PbfReader);
  assert.equal([graph!.inputs[0]!.shape, graph!.outputs[0]!.shape], [['N', 2, 3, 3], ['N', 18]]);
  const again = await importOnnx(await exportOnnx(net.graph([y]), { batch: 'open' }), { shapes: { x: [1, 2, 3, 3] } });
  assert.equal(again.values.get('y')!.shape, [1, 18]);
});

test('wrong options are named', async () => {
  // @ts-expect-error An option that does not exist.
  const error = await errorOf('ERR_ARGUMENT', () => exportOnnx(quantized(), { format: 'int8' }));
  assert.match(error.message, /format/);
});

test.run();
