/** What optimize() must not do: every network computes the same before and after, where a rewrite almost applies. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph } from '../../ts/graph/graph.js';
import { optimize } from '../../ts/graph/optimize.js';
import { validateGraph } from '../../ts/graph/validate.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import type { Engine } from '../../ts/wasm/engine.js';
import { engineOf } from '../engine/flavours.js';
import { NetworkBuilder, noise, RELU } from '../quantize/networks.js';

const test = suite('rewrites');
const SHAPE = [1, 4, 6, 6];

function outputsOf(engine: Engine, graph: Graph): Map<string, Float32Array> {
  const random = noise(9);
  const program = createFloatProgram(engine, graph);
  const inputs = new Map(graph.inputs.map((name) => [name, { kind: 'f32', data: Float32Array.from({ length: graph.values.get(name)!.shape.reduce((a, b) => a * b, 1) }, () => 3 * random()) }] as const));
  const outputs = program.run(inputs);
  program.dispose();
  return outputs;
}

function norm(net: NetworkBuilder, name: string, input: string, shape: readonly number[] = SHAPE): string {
  const inputs = [input, net.constant(`${name}.g`, [4]), net.constant(`${name}.h`, [4]), net.constant(`${name}.m`, [4]), net.constant(`${name}.v`, [4], [1, 2, 3, 4])];
  return net.node({ name, op: 'BatchNormalization', inputs, outputs: [`${name}.y`], attributes: { epsilon: 1e-5 } }, shape);
}

const clip = (net: NetworkBuilder, name: string, input: string, min: number, max: number): string =>
  net.node({ name, op: 'Clip', inputs: [input], outputs: [`${name}.y`], attributes: { min, max } }, SHAPE);

function pooled(net: NetworkBuilder, op: 'MaxPool' | 'AveragePool', x: string, value: number, pads: readonly [number, number, number, number], countIncludePad: boolean): string {
  const pad = net.node({ name: 'pad', op: 'Pad', inputs: [x], outputs: ['pad.y'], attributes: { before: [0, 0, 1, 0], after: [0, 0, 0, 1], value } }, [1, 4, 7, 7]);
  const size = [7 + pads[0] + pads[2] - 1, 7 + pads[1] + pads[3] - 1] as const;
  const attributes = { kernel: [2, 2], stride: [1, 1], pads, dilation: [1, 1], countIncludePad } as const;
  return net.node({ name: 'pool', op, inputs: [pad], outputs: ['pool.y'], attributes }, [1, 4, ...size]);
}

/** The network from its input x to its outputs. */
const networks: Readonly<Record<string, (net: NetworkBuilder, x: string) => string[]>> = {
  'batch norm behind a fused ReLU': (net, x) => [norm(net, 'norm', net.conv('conv', x, 4, { bounds: RELU }))],
  'batch norm behind a convolution that is an output too': (net, x) => [net.conv('conv', x, 4), norm(net, 'norm', 'conv.y')],
  'batch norm in front of a dense layer': (net, x) => [net.gemm('dense', norm(net, 'norm', net.reshape('r', net.averagePool('p', x), [1, 4]), [1, 4]), 3)],
  'batch norm in front of a dense layer and of an output': (net, x) => [net.gemm('dense', norm(net, 'norm', net.reshape('r', net.averagePool('p', x), [1, 4]), [1, 4]), 3), 'norm.y'],
  'batch norm in front of a transposed dense layer with factors': (net, x) => [net.gemm('dense', norm(net, 'norm', net.reshape('r', net.averagePool('p', x), [1, 4]), [1, 4]), 3, { alpha: 2, beta: 0.5, transB: false })],
  'a bias behind a fused ReLU': (net, x) => [net.add('bias', net.conv('conv', x, 4, { bounds: RELU }), net.constant('c', [1, 4, 1, 1]))],
  'two clips, the inner one narrower': (net, x) => [clip(net, 'outer', net.conv('conv', x, 4, { bounds: { lo: -0.2, hi: 0.3 } }), -1, 2)],
  'two clips that do not meet': (net, x) => [clip(net, 'outer', clip(net, 'inner', net.conv('conv', x, 4), -1, 0.1), 0.5, 2)],
  'a ReLU behind a convolution that is an output too': (net, x) => [net.conv('conv', x, 4), net.relu('relu', 'conv.y')],
  'a ReLU behind a convolution that another node reads': (net, x) => [net.add('sum', net.conv('conv', x, 4), net.relu('relu', 'conv.y'))],
  'a ReLU whose input is read twice by one node': (net, x) => [net.add('sum', net.conv('conv', x, 4), 'conv.y', RELU)],
  'zeros before a max pool': (net, x) => [pooled(net, 'MaxPool', x, 0, [0, 0, 0, 0], false)],
  'a large number before a max pool': (net, x) => [pooled(net, 'MaxPool', x, 5, [0, 0, 0, 0], false)],
  'the smallest number before a max pool': (net, x) => [pooled(net, 'MaxPool', x, -Infinity, [0, 1, 0, 1], false)],
  'zeros before an average pool that leaves its own padding out': (net, x) => [pooled(net, 'AveragePool', x, 0, [0, 1, 1, 0], false)],
  'zeros before an average pool that counts its own padding': (net, x) => [pooled(net, 'AveragePool', x, 0, [0, 1, 1, 0], true)],
  'ones before an average pool': (net, x) => [pooled(net, 'AveragePool', x, 1, [0, 0, 0, 0], true)],
  'a slice of a slice': (net, x) => {
    const first = net.node({ name: 'a', op: 'Slice', inputs: [x], outputs: ['a.y'], attributes: { starts: [0, 3, 1, 5], steps: [1, -1, 2, -1] } }, [1, 4, 3, 6]);
    return [net.node({ name: 'b', op: 'Slice', inputs: [first], outputs: ['b.y'], attributes: { starts: [0, 1, 1, 1], steps: [1, 2, 1, 3] } }, [1, 2, 2, 2])];
  },
  'a slice of a slice that is an output too': (net, x) => {
    const first = net.node({ name: 'a', op: 'Slice', inputs: [x], outputs: ['a.y'], attributes: { starts: [0, 0, 1, 0], steps: [1, 1, 2, 1] } }, [1, 4, 3, 6]);
    return [first, net.node({ name: 'b', op: 'Slice', inputs: [first], outputs: ['b.y'], attributes: { starts: [0, 0, 1, 0], steps: [1, 1, 1, 1] } }, [1, 4, 2, 6])];
  },
  'transposes in a row': (net, x) => {
    const first = net.node({ name: 'a', op: 'Transpose', inputs: [x], outputs: ['a.y'], attributes: { perm: [0, 2, 3, 1] } }, [1, 6, 6, 4]);
    return [net.node({ name: 'b', op: 'Transpose', inputs: [first], outputs: ['b.y'], attributes: { perm: [1, 0, 3, 2] } }, [6, 1, 4, 6])];
  },
};

for (const [name, build] of Object.entries(networks)) {
  test(name, async () => {
    const net = new NetworkBuilder(4);
    const graph = net.graph(build(net, net.input('x', SHAPE)));
    validateGraph(graph);
    const optimized = optimize(graph);
    validateGraph(optimized);
    const engine = await engineOf('auto');
    const [before, after] = [outputsOf(engine, graph), outputsOf(engine, optimized)];
    assert.equal([...after.keys()], [...before.keys()]);
    for (const [output, expected] of before) {
      const found = after.get(output)!;
      assert.is(found.length, expected.length);
      expected.forEach((x, i) => assert.ok(x === found[i] || Math.abs(x - found[i]!) <= 1e-5 * Math.max(1, Math.abs(x)), `${output}[${i}] is ${found[i]}, was ${x}`));
    }
  });
}

test('batch norm in front of a dense layer is in the layer, unless an output needs it', () => {
  const opsOf = (name: string): string[] => {
    const net = new NetworkBuilder(4);
    return optimize(net.graph(networks[name]!(net, net.input('x', SHAPE)))).nodes.map(({ op }) => op);
  };
  assert.equal(opsOf('batch norm in front of a dense layer'), ['AveragePool', 'Reshape', 'Gemm']);
  assert.equal(opsOf('batch norm in front of a dense layer and of an output'), ['AveragePool', 'Reshape', 'BatchNormalization', 'Gemm']);
});

test.run();
