/** SPEC 7.3: the codes and scales that a quantized layer has in the Graph, per bits, sign and interval. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GraphNode } from '../../../ts/graph/graph.js';
import { tapeToGraph } from '../../../ts/train/deploy/tape-to-graph.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { initialValues } from '../../../ts/train/modules/initial-values.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import type { LayerBits, Value } from '../../../ts/train/tape/node.js';
import { relu } from '../../../ts/train/tape/ops/clamp.js';
import { flatten } from '../../../ts/train/tape/ops/flatten.js';
import { trace } from '../../../ts/train/tape/trace.js';

/** `signed` reads the input, which may be below zero; `unsigned` and `linear` what a ReLU leaves. */
class Layers extends Module {
  readonly signed: Conv2d;
  readonly unsigned: Conv2d;
  readonly linear: Linear;

  constructor(bits: LayerBits) {
    super();
    this.signed = new Conv2d({ in: 2, out: 2, kernel: 1, bits });
    this.unsigned = new Conv2d({ in: 2, out: 2, kernel: 1, bits });
    this.linear = new Linear({ in: 8, out: 3, bits });
  }

  override forward(x: Value): Value {
    return this.linear.forward(flatten(relu(this.unsigned.forward(relu(this.signed.forward(x))))));
  }
}

/** The FakeQuantize attributes in front of a layer's input (0) or weight (1), of a network with all weight intervals 2 and activation intervals −3 (their size counts). */
function codesOf(bits: LayerBits): (layer: string, input: 0 | 1) => unknown {
  const tape = trace(new Layers(bits), [1, 2, 2, 2]);
  const tensors = new Map([...tape.parameters].map(([name, parameter]) => {
    const data = name.endsWith('Interval') ? Float32Array.of(name.endsWith('weightInterval') ? 2 : -3, 0, 1, 0) : initialValues(name, parameter, [1, 0]);
    return [name, { shape: parameter.shape, data }];
  }));
  const { nodes } = tapeToGraph(tape, { tensors, gradients: new Map() });
  const maker = (value: string): GraphNode => nodes.find(({ outputs }) => outputs[0] === value)!;
  return (layer, input) => {
    const quantizer = maker(nodes.find(({ name }) => name === layer)!.inputs[input]!);
    return quantizer.op === 'FakeQuantize' ? quantizer.attributes : quantizer.op;
  };
}

for (const [weight, activation] of [[3, 5], [8, 4], [4, 8], [2, 2]] as const) {
  test(`weights of ${weight} and activations of ${activation} bits`, () => {
    const codes = codesOf({ weight, activation, gradient: 6 });
    const weights = { 2: 1, 3: 3, 4: 7, 8: 127 }[weight];
    const [signed, unsigned] = { 2: [1, 3], 4: [7, 15], 5: [15, 31], 8: [127, 255] }[activation] as [number, number];
    for (const layer of ['signed', 'unsigned', 'linear']) assert.equal(codes(layer, 1), { scale: Math.fround(2 / weights), range: [-weights, weights] }, layer);
    assert.equal(codes('signed', 0), { scale: Math.fround(3 / signed), range: [-signed, signed] });
    for (const layer of ['unsigned', 'linear']) assert.equal(codes(layer, 0), { scale: Math.fround(3 / unsigned), range: [0, unsigned] }, layer);
  });
}

test.run();
