/** Graph → ONNX file. */
import { DyadicError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import { validateGraph } from '../../graph/validate.js';
import { ExportContext, type ExportSettings } from './context.js';
import { exportNode } from './registry.js';
import { type OnnxValue, writeModel } from './write-proto.js';

export interface ExportOptions {
  /**
   * `float` (default): the weights as they were trained, nothing quantized. `qdq`: every FakeQuantize of the graph as QuantizeLinear and DequantizeLinear, quantized weights as
   * codes behind a DequantizeLinear, so that other runtimes compute what was trained.
   */
  readonly format?: 'float' | 'qdq';
  /**
   * In `qdq`: how weights of up to 4 bits are stored. `int8` (default), opset 17; `int4`, half the bytes, opset 21. Activations are UINT8 and INT8 clipped to the range of their
   * codes in both: onnxruntime's optimizer refuses 4-bit ones behind a Clip or MaxPool.
   */
  readonly weights?: 'int8' | 'int4';
  /** `open` leaves the batch axis to the runtime; `one` (default) keeps the 1 of the graph. */
  readonly batch?: 'one' | 'open';
}

/** ONNX's table of which IR version came with which opset. */
const IR_VERSIONS = [[21, 10], [19, 9], [0, 8]] as const;

/** Throws ERR_ARGUMENT for what is no Graph or option, ERR_SHAPE and ERR_DTYPE for a Graph that contradicts itself. */
export async function exportOnnx(graph: Graph, options: ExportOptions = {}): Promise<Uint8Array> {
  const settings = resolve(options);
  validateGraph(graph);
  const context = new ExportContext(graph, settings);
  for (const node of graph.nodes) exportNode(context, node);
  const { PbfWriter } = await import('pbf');
  const { opset, nodes, tensors } = context;
  const value = (name: string): OnnxValue => ({ name, shape: openBatch(context.shape(name), settings) });
  const irVersion = IR_VERSIONS.find(([since]) => opset >= since)![1];
  return writeModel({ name: graph.name, irVersion, opset, nodes, tensors, inputs: graph.inputs.map(value), outputs: graph.outputs.map(value) }, PbfWriter);
}

function openBatch(shape: readonly number[], { hasOpenBatch }: ExportSettings): readonly (number | string)[] {
  return hasOpenBatch && shape[0] === 1 ? ['N', ...shape.slice(1)] : shape;
}

function resolve(options: ExportOptions): ExportSettings {
  const unknown = Object.keys(options).find((name) => !(['format', 'weights', 'batch'] satisfies (keyof ExportOptions)[] as string[]).includes(name));
  if (unknown !== undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'exportOnnx', argument: unknown, expected: 'an option of exportOnnx: format, weights, batch', received: 'another' });
  const { format = 'float', weights = 'int8', batch = 'one' } = options;
  check('format', format, ['float', 'qdq']);
  check('weights', weights, ['int8', 'int4']);
  check('batch', batch, ['one', 'open']);
  return { isQuantized: format === 'qdq', hasFourBitWeights: weights === 'int4', hasOpenBatch: batch === 'open' };
}

function check(argument: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new DyadicError('ERR_ARGUMENT', { op: 'exportOnnx', argument, expected: allowed.join(', '), received: String(value) });
}
