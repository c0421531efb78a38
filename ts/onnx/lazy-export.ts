/** `exportOnnx` for index.ts: running a deployed network loads neither the exporter nor its protobuf writer. */
import type { Graph } from '../graph/graph.js';
import type { ExportOptions } from './export/export.js';

/**
 * Writes a Graph as an ONNX file: `float`, nothing quantized, or `qdq` with the scales that training learned. Of a network with quantized layers only `qdq` computes what training
 * computed: without the learned clips and steps its f32 weights are another network, and a worse one.
 *
 * ```ts
 * await writeFile('model.onnx', await exportOnnx(await trainer.toGraph(), { format: 'qdq' }));
 * ```
 *
 * @throws DyadicError ERR_ARGUMENT, ERR_SHAPE, ERR_DTYPE.
 */
export async function exportOnnx(graph: Graph, options: ExportOptions = {}): Promise<Uint8Array> {
  const exporter = await import('./export/export.js');
  return exporter.exportOnnx(graph, options);
}
