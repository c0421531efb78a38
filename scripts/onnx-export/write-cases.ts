/** For scripts/check-onnx-export.py: exported files and what our float Program makes of the same inputs. `node --import tsx scripts/onnx-export/write-cases.ts FOLDER`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../../ts/graph/graph.js';
import { elementCount } from '../../ts/graph/shape.js';
import { exportOnnx, type ExportOptions } from '../../ts/onnx/export/export.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import { engineOf } from '../../tests/engine/flavours.js';
import { testInput } from '../../tests/onnx/test-input.js';
import { withoutQuantization } from './without-quantization.js';
import { quantizedNetworks } from './quantized-networks.js';

const [folder = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const models = new URL('../../tests/onnx/models/', import.meta.url);
const engine = await engineOf('auto');

/** What the file must compute: the graph's own float Program. */
async function write(name: string, graph: Graph, computed: Graph, options: ExportOptions): Promise<void> {
  writeFileSync(join(folder, `${name}.onnx`), await exportOnnx(graph, options));
  const program = createFloatProgram(engine, computed);
  const inputs = new Map(graph.inputs.map((input, k) => [input, Float32Array.from(testInput(elementCount(graph.values.get(input)!.shape), k))]));
  const outputs = program.run(new Map([...inputs].map(([input, data]) => [input, { kind: 'f32', data }])));
  program.dispose();
  const entry = (value: string, data: Float32Array): unknown => ({ shape: graph.values.get(value)!.shape, data: [...data] });
  const list = (map: ReadonlyMap<string, Float32Array>): unknown => Object.fromEntries([...map].map(([value, data]) => [value, entry(value, data)]));
  // Of a quantized network one code may differ where x/s and x·(1/s) round apart; it says so.
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ inputs: list(inputs), outputs: list(outputs), quantized: options.format === 'qdq' }));
}

for (const [name, { inputs }] of Object.entries(JSON.parse(readFileSync(new URL('cases.json', models), 'utf8')) as Record<string, { inputs: Record<string, number[]> }>)) {
  const graph = await importOnnx(readFileSync(new URL(`${name}.onnx`, models)), { shapes: inputs });
  await write(name, graph, graph, {});
}
for (const [name, graph] of quantizedNetworks()) {
  await write(`${name}-float`, graph, withoutQuantization(graph), {});
  await write(`${name}-qdq`, graph, graph, { format: 'qdq' });
  await write(`${name}-qdq-int4`, graph, graph, { format: 'qdq', weights: 'int4' });
}
