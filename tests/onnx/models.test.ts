/** Every tiny model of tests/onnx/models, imported with and without passes, gives what onnxruntime gave. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { validateGraph } from '../../ts/graph/validate.js';
import { elementCount } from '../../ts/graph/shape.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { evaluateGraph } from './reference-evaluator.js';
import { testInput } from './test-input.js';

interface Case {
  readonly inputs: Record<string, number[]>;
  readonly outputs: Record<string, { shape: number[]; data: number[] }>;
}

const folder = new URL('models/', import.meta.url);
const cases = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as Record<string, Case>;

for (const [name, { inputs, outputs }] of Object.entries(cases)) {
  for (const optimize of [false, true]) {
    test(`${name}${optimize ? ', optimized' : ''}`, async () => {
      const graph = await importOnnx(readFileSync(new URL(`${name}.onnx`, folder)), { optimize, shapes: inputs });
      validateGraph(graph);
      assert.equal(graph.inputs, Object.keys(inputs));
      assert.equal(graph.outputs, Object.keys(outputs));
      const data = new Map(Object.entries(inputs).map(([input, shape], k) => [input, testInput(elementCount(shape), k)]));
      const values = evaluateGraph(graph, data);
      for (const [output, expected] of Object.entries(outputs)) {
        const value = values.get(output)!;
        assert.equal(value.shape, expected.shape, output);
        assert.equal(value.data.length, expected.data.length);
        expected.data.forEach((v, i) => assert.ok(Math.abs(v - value.data[i]!) <= 1e-5 + 1e-5 * Math.abs(v), `${output}[${i}]: ${value.data[i]} instead of ${v}`));
      }
    });
  }
}

test.run();
