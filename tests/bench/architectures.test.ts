/** The networks that `npm run bench:peers` makes: their published sizes, and ONNX that our importer reads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importOnnx } from '../../ts/onnx/import.js';
// @ts-expect-error a script without types
import { architectureOnnx } from '../../bench/peers/architecture-onnx.mjs';
// @ts-expect-error a script without types
import { architecture } from '../../bench/peers/architectures.mjs';

interface Net {
  readonly macs: number;
  readonly layers: readonly { readonly op: string; readonly weight?: Float32Array; readonly bias?: Float32Array }[];
}

const make = architecture as (name: string) => Net;
const write = architectureOnnx as (net: Net, scales: null) => Uint8Array;
const test = suite('architectures');

for (const [name, macs, millions] of [['resnet18', 1_814_073_344, 11.68], ['mobilenetv2', 300_774_272, 3.49]] as const) {
  test(`${name} has its multiplications and its parameters`, async () => {
    const net = make(name);
    assert.is(net.macs, macs);
    const parameters = net.layers.reduce((sum, { weight, bias }) => sum + (weight?.length ?? 0) + (bias?.length ?? 0), 0);
    assert.ok(Math.abs(parameters / 1e6 - millions) < 0.02, String(parameters));
    const graph = await importOnnx(write(net, null));
    assert.equal(graph.values.get('y')?.shape, [1, 1000]);
    assert.is(graph.nodes.filter(({ op }) => op === 'Conv').length, net.layers.filter(({ op }) => op === 'conv').length);
  });
}

test.run();
