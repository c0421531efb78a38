/** Import and passes keep what whole networks compute: within 1e-3 of onnxruntime's logits, evaluated in double precision. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { elementCount } from '../../ts/graph/shape.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { readGolden, readGoldenModel } from './goldens.js';
import { evaluateGraph } from './reference-evaluator.js';
import { testInput } from './test-input.js';

for (const name of ['fashion', 'resnet20'] as const) {
  const golden = readGolden(name);
  const bytes = readGoldenModel(golden);
  if (bytes === undefined) console.log(`${name}: ${golden.model} is not on this machine, not compared`);
  (bytes === undefined ? test.skip : test)(name, async () => {
    assert.is(createHash('sha256').update(bytes!).digest('hex'), golden.sha256, 'the model has changed: run scripts/make-goldens.py');
    const graph = await importOnnx(bytes!);
    assert.equal(graph.inputs, [golden.input.name]);
    assert.equal(graph.values.get(golden.input.name)!.shape, golden.input.shape);
    golden.output.samples.forEach((expected, k) => {
      const values = evaluateGraph(graph, new Map([[golden.input.name, testInput(elementCount(golden.input.shape), k)]]));
      const logits = values.get(golden.output.name)!.data;
      assert.is(logits.length, expected.length);
      expected.forEach((v, i) => assert.ok(Math.abs(v - logits[i]!) < 1e-3, `sample ${k}, logit ${i}: ${logits[i]} instead of ${v}`));
    });
  });
}

test.run();
