/** Whole networks, imported and run as float Programs: within 1e-3 of onnxruntime's logits. Networks that are not on this machine are named and skipped. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { elementCount } from '../../ts/graph/shape.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import { FLAVOURS, engineOf } from '../engine/flavours.js';
import { readGolden, readGoldenModel } from './goldens.js';
import { evaluateGraph } from './reference-evaluator.js';
import { testInput } from './test-input.js';
import type { Golden } from './goldens.js';

function compare(golden: Golden, k: number, logits: ArrayLike<number>): void {
  const expected = golden.output.samples[k]!;
  assert.is(logits.length, expected.length);
  expected.forEach((v, i) => assert.ok(Math.abs(v - logits[i]!) < 1e-3, `sample ${k}, logit ${i}: ${logits[i]} instead of ${v}`));
}

for (const name of ['fashion', 'resnet20', 'squeezenet1.1'] as const) {
  const golden = readGolden(name);
  const bytes = readGoldenModel(golden);
  if (bytes === undefined) console.log(`${name}: ${golden.model} is not on this machine, not compared`);
  const testIfHere = bytes === undefined ? test.skip : test;
  const input = golden.input.name;
  const sample = (k: number) => testInput(elementCount(golden.input.shape), k);

  testIfHere(`${name}: the model that the goldens were made of`, async () => {
    assert.is(createHash('sha256').update(bytes!).digest('hex'), golden.sha256, 'the model has changed: run scripts/make-goldens.py');
    const graph = await importOnnx(bytes!);
    assert.equal(graph.inputs, [input]);
    assert.equal(graph.values.get(input)!.shape, golden.input.shape);
  });

  for (const flavour of FLAVOURS) {
    testIfHere(`${name}, ${flavour}`, async () => {
      const program = createFloatProgram(await engineOf(flavour), await importOnnx(bytes!));
      // One sample of the largest network on the scalar flavour is enough: the other says the same.
      const samples = flavour === 'scalar' && name === 'squeezenet1.1' ? 1 : golden.output.samples.length;
      for (let k = 0; k < samples; k++) {
        program.poison(0xff);
        compare(golden, k, program.run(new Map([[input, { kind: 'f32', data: sample(k) }]])).get(golden.output.name)!);
      }
      program.dispose();
    });
  }
}

test('the graph alone, in double precision: the example with and without passes', async () => {
  const golden = readGolden('fashion');
  for (const optimize of [false, true]) {
    const graph = await importOnnx(readGoldenModel(golden)!, { optimize });
    golden.output.samples.forEach((_, k) => {
      const values = evaluateGraph(graph, new Map([[golden.input.name, testInput(elementCount(golden.input.shape), k)]]));
      compare(golden, k, values.get(golden.output.name)!.data);
    });
  }
});

test.run();
