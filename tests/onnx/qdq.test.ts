/** Networks that are quantized already: files of onnxruntime.quantization in QDQ format, and our own. Made by scripts/make-qdq-models.py. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DyadicError } from '../../ts/errors.js';
import type { Graph, GraphNode } from '../../ts/graph/graph.js';
import { shownConstant } from '../../ts/graph/quantize-float.js';
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { exportOnnx } from '../../ts/onnx/export/export.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { quantize } from '../../ts/quantize/quantize.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import type { Program } from '../../ts/session/program.js';
import { tapeToGraph } from '../../ts/train/deploy/tape-to-graph.js';
import { setDefaultLoader } from '../../ts/wasm/loader.js';
import { engineOf, FLAVOURS, moduleBytes } from '../engine/flavours.js';
import { differences } from '../parity/compare.js';
import { interpret } from '../parity/interpreter.js';
import { inputCodes } from '../parity/network-cases.js';
import { trainedNetworks } from '../train/deploy/trained-networks.js';
import { testInput } from './test-input.js';

setDefaultLoader(moduleBytes);
const engine = await engineOf('auto');
const FOLDER = new URL('qdq/', import.meta.url);
interface Cases {
  readonly models: Readonly<Record<string, { readonly plain: readonly (readonly number[])[]; readonly optimized: readonly (readonly number[])[] }>>;
}
const { models } = JSON.parse(readFileSync(new URL('cases.json', FOLDER), 'utf8')) as Cases;

const LAYERS = 8;
const COUNT = 3 * 10 * 8;
const file = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, FOLDER));
const samples = [0, 1, 2, 3].map((k) => testInput(COUNT, k));
const calibration = Array.from({ length: 16 }, (_, k) => testInput(COUNT, k + 4));
const run = (program: Program, sample: Float32Array): Float32Array => [...program.run(new Map([['x', { kind: 'f32', data: sample }]])).values()][0]!;
const values = (graph: Graph): Extract<GraphNode, { op: 'FakeQuantize' }>[] => graph.nodes.flatMap((node) => (node.op === 'FakeQuantize' && !graph.constants.has(node.inputs[0]!) ? [node] : []));
const outputScale = (graph: Graph): number => values(graph).find(({ outputs }) => outputs[0] === graph.outputs[0])!.attributes.scale as number;

const deployed = new Map<string, { readonly graph: Graph; readonly integer: IntegerGraph }>();
for (const name of Object.keys(models)) {
  const graph = await importOnnx(file(name));
  deployed.set(name, { graph, integer: (await quantize(graph, calibration)).graph });
}

for (const [name, { graph, integer }] of deployed) {
  const { plain, optimized } = models[name]!;

  test(`${name}: the Graph computes what onnxruntime computes without its optimizer`, () => {
    const program = createFloatProgram(engine, graph);
    // Two codes of the output at most: x · (1/s) and x/s round some ties apart.
    samples.forEach((sample, k) => run(program, sample).forEach((y, i) => assert.ok(Math.abs(y - plain[k]![i]!) <= 2.01 * outputScale(graph), `sample ${k}: ${y} for ${plain[k]![i]}`)));
    program.dispose();
  });

  test(`${name}: the deployed network agrees with onnxruntime's integer kernels`, () => {
    const program = createIntegerProgram(engine, integer);
    const steps = samples.flatMap((sample, k) => [...run(program, sample)].map((y, i) => Math.round((y - optimized[k]![i]!) / outputScale(graph))));
    assert.ok(steps.every((step) => Math.abs(step) <= 4), steps.join(' '));
    assert.ok(steps.reduce((sum, step) => sum + step * step, 0) / steps.length < 2.5, steps.join(' '));
    program.dispose();
  });

  test(`${name}: values are stored with the file's scales and zero points`, () => {
    for (const { attributes: { scale, range: [lo, hi] } } of values(graph)) {
      const zeroPoint = lo >= 0 || (lo >= -128 && hi <= 127) ? 0 : -lo;
      const found = integer.values.filter((value) => value.scale === scale && value.zeroPoint === zeroPoint && value.dtype !== 'i16');
      assert.ok(found.some(({ range }) => range[0] >= lo + zeroPoint && range[1] <= hi + zeroPoint), `scale ${scale}, codes ${lo} to ${hi}`);
    }
    assert.is(integer.values.some(({ zeroPoint }) => zeroPoint !== 0), !name.includes('symmetric'));
  });
}

test('weights are the codes of the file, per channel, in bytes and nibbles', () => {
  for (const name of ['s8s8', 's8s8_symmetric', 'u8s8', 'u8s4', 'u8s4_opset17']) {
    const { graph, integer } = deployed.get(name)!;
    for (const operation of integer.operations) {
      if (operation.op !== 'conv2d' && operation.op !== 'dense') continue;
      const layer = graph.nodes.find((node) => node.name === operation.name)!;
      const quantizer = graph.nodes.find(({ outputs }) => outputs[0] === layer.inputs[1])!;
      assert.ok(quantizer.op === 'FakeQuantize', `${name} ${layer.name}`);
      const floats = graph.constants.get(quantizer.inputs[0]!)!;
      const shown = shownConstant(floats, quantizer.attributes).data;
      const { data, dtype } = integer.tensors.get(operation.weight)!;
      assert.is(dtype, name.startsWith('u8s4') && quantizer.attributes.range[1] <= 7 ? 'i4' : 'i8');
      if (layer.op === 'MatMul') continue;
      const scales = [quantizer.attributes.scale].flat();
      const size = data.length / (scales.length === 1 ? 1 : scales.length);
      const factor = data.reduce((top, code) => Math.max(top, Math.abs(code)), 0) / quantizer.attributes.range[1];
      data.forEach((code, i) => assert.ok(Math.abs((code / factor) * scales[Math.floor(i / size)]! - shown[i]!) < 1e-6, `${name} ${layer.name} ${i}`));
    }
  }
});

test('uint8 weights with a zero point that a signed byte cannot do without are quantized anew', () => {
  const weightCodes = (name: string): number => deployed.get(name)!.graph.nodes.filter(({ op, inputs }) => op === 'FakeQuantize' && deployed.get(name)!.graph.constants.has(inputs[0]!)).length;
  assert.is(weightCodes('u8s8'), LAYERS);
  assert.is(weightCodes('u8u8'), 0);
});

test('every value of a deployed file equals the reference, in every flavour', async () => {
  const cases = [...deployed.values()].map(({ integer }) => ({ graph: integer, samples: samples.map((sample) => [inputCodes(integer, sample)]) }));
  const expected = interpret(cases);
  for (const flavour of FLAVOURS) {
    const other = await engineOf(flavour);
    assert.equal(cases.flatMap((one, i) => differences(other, one, expected[i] ?? [])), []);
  }
});

for (const weights of ['int8', 'int4'] as const) {
  test(`trained networks come back from QDQ files with weights in ${weights} and deploy to the same codes`, async () => {
    for (const { name, tape, snapshot, samples: own } of trainedNetworks()) {
      const trained = tapeToGraph(tape, snapshot, name);
      const again = await importOnnx(await exportOnnx(trained, { format: 'qdq', weights }));
      const [first, second] = [(await quantize(trained, own)).graph, (await quantize(again, own)).graph];
      assert.equal(second.values, first.values, name);
      assert.equal(second.operations.map(({ op }) => op), first.operations.map(({ op }) => op));
      assert.equal([...second.tensors.values()], [...first.tensors.values()], name);
    }
  });
}

test('a Graph with zero points and scales per channel is exported as it came', async () => {
  for (const name of ['s8s8', 'u8s8', 'u8s4']) {
    const { graph, integer } = deployed.get(name)!;
    const again = await importOnnx(await exportOnnx(graph, { format: 'qdq', weights: name === 'u8s4' ? 'int4' : 'int8' }));
    assert.equal([...(await quantize(again, calibration)).graph.tensors.values()], [...integer.tensors.values()], name);
  }
});

test('what is codes and stays codes is refused, all of it listed', async () => {
  const bytes = Uint8Array.from(file('u8s8'));
  // "DequantizeLinear" → another operator of as many letters: its inputs are codes that nobody may read.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = text.indexOf('DequantizeLinear'); at >= 0; at = text.indexOf('DequantizeLinear', at + 1)) text.write('SomethingElse_16', at, 16, 'latin1');
  const error = await importOnnx(bytes).then(() => assert.unreachable(), (thrown: unknown) => thrown as DyadicError);
  assert.is(error.code, 'ERR_ONNX_UNSUPPORTED');
  assert.ok(error.details.length > 10);
});

test.run();
