/** `importOnnx` for index.ts: running a deployed network loads neither the importer nor its protobuf reader. */
import type { Graph } from '../graph/graph.js';
import type { ImportOptions } from './import.js';

/**
 * Reads an ONNX file (opset 7–26, f32) into a Graph, which `quantize` and `load` take.
 *
 * ```ts
 * const graph = await importOnnx(await readFile('model.onnx'));
 * using model = await load(graph); // runs in floating point
 * ```
 *
 * `bytes` may be an ArrayBuffer as well, such as `await response.arrayBuffer()`.
 *
 * @throws DyadicError ERR_ONNX_PARSE, ERR_ONNX_INVALID, ERR_ONNX_UNSUPPORTED with every unsupported node in `details`, ERR_ARGUMENT, ERR_SHAPE.
 */
export async function importOnnx(bytes: Uint8Array | ArrayBuffer, options: ImportOptions = {}): Promise<Graph> {
  const importer = await import('./import.js');
  return importer.importOnnx(bytes, options);
}
