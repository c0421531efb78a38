/** DESIGN §3.1, codes that are already fixed: a trained network is deployed with its own codes, and each layer computes what training's forward pass computes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph, GraphNode } from '../../../ts/graph/graph.js';
import { quantizeFloat } from '../../../ts/graph/quantize-float.js';
import type { IntegerGraph, Operation } from '../../../ts/integer/integer-graph.js';
import { decodeDyad, encodeDyad } from '../../../ts/integer/dyad.js';
import { quantize } from '../../../ts/quantize/quantize.js';
import { createFloatProgram } from '../../../ts/session/float-program.js';
import { createIntegerProgram } from '../../../ts/session/integer-program.js';
import type { Program } from '../../../ts/session/program.js';
import { tapeToGraph } from '../../../ts/train/deploy/tape-to-graph.js';
import { setDefaultLoader } from '../../../ts/wasm/loader.js';
import { engineOf, FLAVOURS, moduleBytes } from '../../engine/flavours.js';
import { evaluateGraph } from '../../onnx/reference-evaluator.js';
import { differences } from '../../parity/compare.js';
import { interpret } from '../../parity/interpreter.js';
import { inputCodes } from '../../parity/network-cases.js';
import { trainedNetworks } from './trained-networks.js';

setDefaultLoader(moduleBytes);
const engine = await engineOf('auto');

type Layer = Extract<Operation, { op: 'conv2d' | 'dense' }>;
interface Deployed {
  readonly name: string;
  readonly graph: Graph;
  readonly integer: IntegerGraph;
  readonly samples: readonly Float32Array[];
}

const deployed: Deployed[] = [];
for (const { name, tape, snapshot, samples } of trainedNetworks()) {
  const graph = tapeToGraph(tape, snapshot, name);
  deployed.push({ name, graph, integer: (await quantize(graph, samples)).graph, samples });
}

/** The node of the trained Graph that an operation deploys, if training quantized it. */
function quantizedNode(graph: Graph, operation: Operation): Extract<GraphNode, { op: 'Conv' | 'Gemm' }> | undefined {
  const node = graph.nodes.find(({ name }) => name === operation.name);
  const isQuantized = (node?.op === 'Conv' || node?.op === 'Gemm') && quantizer(graph, node.inputs[1]!) !== undefined;
  return isQuantized ? node : undefined;
}

function quantizer(graph: Graph, value: string): Extract<GraphNode, { op: 'FakeQuantize' }> | undefined {
  const node = graph.nodes.find(({ outputs }) => outputs[0] === value);
  return node?.op === 'FakeQuantize' ? node : undefined;
}

function layersOf({ graph, integer }: Deployed): (readonly [Layer, Extract<GraphNode, { op: 'Conv' | 'Gemm' }>])[] {
  return integer.operations.flatMap((operation) => {
    const node = quantizedNode(graph, operation);
    return node !== undefined && (operation.op === 'conv2d' || operation.op === 'dense') ? [[operation, node] as const] : [];
  });
}

/** What follows a layer up to the value that its operation writes, as a Graph of its own: x as codes show it → y in real numbers. */
function trainedLayer(graph: Graph, node: GraphNode, output: string): Graph {
  const nodes = [quantizer(graph, node.inputs[1]!)!, node];
  for (let last = node; last.outputs[0] !== output; nodes.push(last as typeof node & typeof nodes[0])) {
    last = graph.nodes.find(({ inputs }) => inputs[0] === last.outputs[0] || inputs[1] === last.outputs[0])!;
  }
  return { ...graph, nodes, inputs: [node.inputs[0]!], outputs: [output] };
}

/** Codes of all values of one run, by index. */
function codesOf(program: Program, sample: Float32Array): Map<number, Int32Array> {
  const codes = new Map<number, Int32Array>();
  program.run(new Map([['input', { kind: 'f32', data: sample }]]), (value) => codes.set(value.index, value.read() as Int32Array));
  return codes;
}

/** By which whole number the codes were multiplied, so that the bias finds steps that are fine enough. */
function refinement(graph: Graph, operation: Layer, node: GraphNode, integer: IntegerGraph): number {
  const { inputs: [source], attributes: { scale, range } } = quantizer(graph, node.inputs[1]!)!;
  const floats = graph.constants.get(source!)!.data;
  const { data } = integer.tensors.get(operation.weight)!;
  const largest = data.findIndex((code) => code !== 0 && Math.abs(code) === data.reduce((top, other) => Math.max(top, Math.abs(other)), 0));
  return Math.abs(data[largest]! / quantizeFloat(floats[largest]!, scale, 0, range));
}

const gammaOf = (graph: Graph, node: GraphNode): ArrayLike<number> | undefined => {
  const norm = graph.nodes.find(({ op, inputs }) => op === 'BatchNormalization' && inputs[0] === node.outputs[0]);
  return norm && graph.constants.get(norm.inputs[1]!)!.data;
};

for (const network of deployed) {
  const { name, graph, integer, samples } = network;

  test(`${name}: weights are the trained codes, negated where γ < 0, zero where the channel is dead`, () => {
    const layers = layersOf(network);
    assert.ok(layers.length >= 2);
    for (const [operation, node] of layers) {
      const { inputs: [source], attributes: { scale, range } } = quantizer(graph, node.inputs[1]!)!;
      const floats = graph.constants.get(source!)!;
      const gamma = gammaOf(graph, node);
      const tensor = integer.tensors.get(operation.weight)!;
      const size = floats.data.length / floats.shape[0]!;
      const times = refinement(graph, operation, node, integer);
      const expected = Array.from(floats.data, (w, i) => {
        const sign = gamma === undefined ? 1 : Math.abs(gamma[Math.floor(i / size)]!) < 1e-5 ? 0 : Math.sign(gamma[Math.floor(i / size)]!);
        return times * sign * quantizeFloat(w, scale, 0, range) + 0;
      });
      assert.equal([...tensor.data].map((code) => code + 0), expected, operation.name);
      assert.is(tensor.dtype, times * range[1] <= 7 ? 'i4' : 'i8');
      assert.ok(Number.isInteger(times));
    }
  });

  test(`${name}: a quantized layer reads codes of the trained scale and range`, () => {
    for (const [operation, node] of layersOf(network)) {
      const { scale, range } = quantizer(graph, node.inputs[0]!)!.attributes;
      const value = integer.values[operation.inputs[0]!]!;
      assert.equal([value.scale, value.range], [scale, range], operation.name);
      assert.is(value.dtype, range[0] < 0 ? 'i8' : range[1] <= 15 ? 'u4' : 'u8');
    }
  });

  test(`${name}: from the same codes each layer makes the codes that training's arithmetic makes`, () => {
    const program = createIntegerProgram(engine, integer);
    for (const [operation, node] of layersOf(network)) {
      const [source, made] = [operation.inputs[0]!, operation.outputs[0]!];
      const output = integer.values[made]!;
      const layer = trainedLayer(graph, node, output.name);
      const isCarrier = output.dtype === 'i16';
      const room = 0.5 + (isCarrier ? 32 : output.range[1] <= 15 ? 0.125 : 1) + biasStep(layer, node, output.scale) / refinement(graph, operation, node, integer);
      let count = 0;
      let wrong = 0;
      for (const sample of samples.slice(0, 2)) {
        const codes = codesOf(program, sample);
        const x = Array.from(codes.get(source)!, (code) => code * integer.values[source]!.scale);
        const y = evaluateGraph(layer, new Map([[layer.inputs[0]!, x]])).get(output.name)!.data;
        const found = codes.get(made)!;
        for (let i = 0; i < found.length; i++) {
          const [lo, hi] = operation.clamp;
          const exact = Math.min(Math.max(y[i]! / output.scale, lo), hi);
          const error = Math.abs(found[i]! - exact);
          // Half a code by rounding, the bound of q15, and half a step of the accumulator by rounding the bias.
          assert.ok(error <= room, `${operation.name}[${i}]: ${found[i]} for ${exact}, ${room} allowed`);
          count++;
          if (output.range[1] <= 15 && found[i] !== quantizeFloat(y[i]!, output.scale, 0, [lo, hi])) wrong++;
        }
      }
      assert.ok(wrong <= 0.03 * count, `${operation.name}: ${wrong} of ${count} codes turned over`);
    }
    program.dispose();
  });

  test(`${name}: the deployed network follows training's`, () => {
    const [float, whole] = [createFloatProgram(engine, graph), createIntegerProgram(engine, integer)];
    let [signal, noise] = [0, 0];
    for (const sample of samples) {
      const input = new Map([['input', { kind: 'f32', data: sample } as const]]);
      const [expected, found] = [float.run(input).get('output')!, whole.run(input).get('output')!];
      const mean = expected.reduce((a, b) => a + b, 0) / expected.length;
      expected.forEach((value, i) => {
        signal += (value - mean) ** 2;
        noise += (value - found[i]!) ** 2;
      });
    }
    float.dispose();
    whole.dispose();
    assert.ok(noise < 0.03 * signal, `noise ${noise} in a signal of ${signal}`);
  });
}

/** Half a step of the coarsest channel's accumulator, in output codes: what rounding the bias can move. */
function biasStep(layer: Graph, node: GraphNode, outputScale: number): number {
  const weight = quantizer(layer, node.inputs[1]!)!.attributes.scale;
  const norm = layer.nodes.find(({ op }) => op === 'BatchNormalization');
  const gamma = norm === undefined ? [1] : Array.from(layer.constants.get(norm.inputs[1]!)!.data);
  const variance = norm === undefined ? [1] : Array.from(layer.constants.get(norm.inputs[4]!)!.data);
  const factor = Math.max(...gamma.map((g, c) => Math.abs(g) / Math.sqrt(variance[c]! + 1e-5)));
  return (0.5 * factor * weight * inputStep.get(node.inputs[0]!)!) / outputScale;
}
const inputStep = new Map(deployed.flatMap(({ graph }) => graph.nodes.flatMap((node) => (node.op === 'FakeQuantize' ? [[node.outputs[0]!, node.attributes.scale] as const] : []))));

test('every value equals the reference, in every flavour', async () => {
  const cases = deployed.map(({ integer, samples }) => ({ graph: integer, samples: samples.slice(0, 3).map((sample) => [inputCodes(integer, sample)]) }));
  const expected = interpret(cases);
  for (const flavour of FLAVOURS) {
    const other = await engineOf(flavour);
    const found = cases.flatMap((one, i) => differences(other, one, expected[i] ?? []));
    assert.equal(found, []);
  }
});

test('the file holds the network', () => {
  for (const { integer } of deployed) assert.equal(encodeDyad(decodeDyad(encodeDyad(integer))), encodeDyad(integer));
});

test.run();
