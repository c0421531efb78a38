/** The ONNX models of `npm run bench:peers`: read back, and run against plain JavaScript. */
import { PbfReader } from 'pbf';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { onnxInput, onnxReader, onnxWorkload } from '../../bench/peers/onnx-models.mjs';
// @ts-expect-error A script without types.
import { onnxModel } from '../../bench/peers/onnx-writer.mjs';
// @ts-expect-error A script without types.
import { verify } from '../../bench/peers/reference.mjs';
// @ts-expect-error A script without types.
import { biasCodes, convolution, gemm, requantization, weightCodes } from '../../bench/peers/workloads.mjs';
import { importOnnx } from '../../ts/onnx/import.js';
import { readModel, type NodeProto } from '../../ts/onnx/proto.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import { engineOf } from '../engine/flavours.js';

const writer = suite('bench/peers ONNX writer');

const SMALL = [gemm(5, 6, 7), convolution('3x3', [4, 6, 6], 8), convolution('depthwise', [6, 8, 8], 6, { groups: 6, stride: 2 }), convolution('stem', [3, 12, 12], 5, { window: 7, stride: 2 })];

function inputsOf(nodes: readonly NodeProto[], opType: string): readonly string[] {
  return nodes.find((node) => node.opType === opType)?.inputs ?? [];
}

writer('what is written is what is read, negative and large numbers too', () => {
  const bytes = onnxModel({
    nodes: [{ op: 'Thing', inputs: ['a', ''], outputs: ['b', 'c'], attributes: { axis: -1, big: 2 ** 40, list: [300, -300, 0] } }],
    tensors: [{ name: 'w', type: 'f32', shape: [2, 300], data: Float32Array.from({ length: 600 }, (_, i) => i / 3) }],
    inputs: [{ name: 'a', type: 'u8', shape: [1, 128] }],
    outputs: [{ name: 'b', type: 'f32', shape: [] }],
  }) as Uint8Array;
  const { graph } = readModel(bytes, PbfReader);
  const [node] = graph?.nodes ?? [];
  assert.equal([node?.opType, node?.inputs, node?.outputs], ['Thing', ['a', ''], ['b', 'c']]);
  assert.equal(node?.attributes.map(({ name, i, ints }) => [name, i, ints]), [['axis', -1, []], ['big', 2 ** 40, []], ['list', 0, [300, -300, 0]]]);
  const [tensor] = graph?.initializers ?? [];
  assert.equal([tensor?.name, tensor?.dims, tensor?.dataType], ['w', [2, 300], 1]);
  assert.equal(new Float32Array((tensor?.raw as Uint8Array).slice().buffer)[599], Math.fround(599 / 3));
  assert.equal(graph?.inputs, [{ name: 'a', elementType: 2, shape: [1, 128] }]);
  assert.equal(graph?.outputs, [{ name: 'b', elementType: 1, shape: [] }]);
});

writer('float workloads compute what plain JavaScript says, whole and cut', async () => {
  for (const shape of SMALL) {
    const run = async (copies: number, whole: boolean): Promise<Map<string, Float32Array>> => {
      const graph = await importOnnx((onnxWorkload(shape, 'f32', copies, { whole }) as { bytes: Uint8Array }).bytes);
      return createFloatProgram(await engineOf('auto'), graph).run(new Map([['input', { kind: 'f32', data: onnxInput(shape, 'f32') as Float32Array }]]));
    };
    const whole = (await run(1, true)).get('whole0') as Float32Array;
    const at = onnxReader(shape, whole) as (y: number, x: number, channel: number) => number;
    verify(shape, 'f32', at);
    const cut = await run(3, false);
    assert.equal([...cut.keys()], ['output0', 'output1', 'output2'], shape.id);
    assert.equal(Array.from(cut.get('output0') ?? []), Array.from({ length: shape.outC }, (_, channel) => at(0, 0, channel)), shape.id);
    assert.not.equal(cut.get('output0'), cut.get('output1'), 'copies have weights of their own');
  }
});

writer('a wrong answer is refused', async () => {
  const [shape] = SMALL;
  const graph = await importOnnx((onnxWorkload(shape, 'f32', 1, { whole: true }) as { bytes: Uint8Array }).bytes);
  const data = createFloatProgram(await engineOf('auto'), graph).run(new Map([['input', { kind: 'f32', data: onnxInput(shape, 'f32') as Float32Array }]])).get('whole0') as Float32Array;
  data[17] = (data[17] ?? 0) + 0.01;
  assert.throws(() => verify(shape, 'f32', onnxReader(shape, data)), /plain JavaScript says/);
});

writer('quantized workloads name their operands in the order of the operator', () => {
  const quantized = ['input', 'input_scale', 'input_zero', 'weight0', 'weight_scale', 'weight_zero', 'output_scale', 'output_zero'];
  const graphOf = (shape: unknown): NonNullable<ReturnType<typeof readModel>['graph']> => {
    const { graph } = readModel((onnxWorkload(shape, 'int8', 1, { whole: true }) as { bytes: Uint8Array }).bytes, PbfReader);
    assert.ok(graph);
    return graph as NonNullable<typeof graph>;
  };
  const [product, image] = SMALL;
  assert.equal(inputsOf(graphOf(product).nodes, 'QLinearMatMul'), quantized);
  const graph = graphOf(image);
  assert.equal(inputsOf(graph.nodes, 'QLinearConv'), [...quantized, 'bias0']);
  const raw = (name: string): ArrayBuffer => (graph.initializers.find((tensor) => tensor.name === name)?.raw as Uint8Array).slice().buffer;
  const { shift, multipliers } = requantization(image, 'int8') as { shift: number; multipliers: Int32Array };
  assert.equal([...new Float32Array(raw('output_scale'))], [2 ** shift]);
  assert.equal([...new Float32Array(raw('weight_scale'))], Array.from(multipliers, (multiplier) => multiplier / 2 ** 15));
  assert.equal(new Int32Array(raw('bias0')), biasCodes(image, 0));
  const codes = weightCodes(image, 'int8', 0) as Int32Array; // [outC][3][3][inC]
  assert.is(new Int8Array(raw('weight0'))[9], codes[1], 'the second channel of the first tap');
});

writer.run();
