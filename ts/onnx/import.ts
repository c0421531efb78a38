/** ONNX file → Graph (opset 7–26 of the default domain, f32). */
import { DyadicError } from '../errors.js';
import type { Constant, Graph } from '../graph/graph.js';
import { optimize } from '../graph/optimize.js';
import { elementCount } from '../graph/shape.js';
import { validateGraph } from '../graph/validate.js';
import { GraphBuilder, Refused, UnknownValue } from './builder.js';
import { bindInputShapes } from './inputs.js';
import { NodeContext } from './node-context.js';
import { nodeLabel, orderNodes } from './order.js';
import type { GraphProto, ModelProto, NodeProto } from './proto.js';
import { readModel } from './proto.js';
import { handlers } from './registry.js';
import { dataTypeName, DataType, toConstant } from './tensor.js';

export interface ImportOptions {
  /** Shapes of inputs by name, for dimensions that the file leaves open. The batch axis needs none: it becomes 1. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Values of inputs by name: such an input becomes a constant of the graph, as integer inputs must. */
  readonly constants?: Readonly<Record<string, Constant>>;
  /** false leaves the graph as the file has it (normalised, folded, dead code removed); default true: folded and fused, see optimize(). */
  readonly optimize?: boolean;
}

/** Operators that onnxruntime's quantizer writes in its own domain, for types that are not in an older opset, with the meaning they have in ONNX. */
const FOREIGN: ReadonlySet<string> = new Set(['QuantizeLinear', 'DequantizeLinear']);
const OPSETS = { first: 7, last: 26 } as const;

/**
 * Reads an ONNX file. Throws ERR_ONNX_PARSE (no ONNX file, or a damaged one), ERR_ONNX_INVALID (no valid network), ERR_ONNX_UNSUPPORTED with
 * one line in `details` for every node, attribute or tensor that is not supported, ERR_ARGUMENT and ERR_SHAPE for the options.
 */
export async function importOnnx(file: Uint8Array | ArrayBuffer, options: ImportOptions = {}): Promise<Graph> {
  const bytes = file instanceof ArrayBuffer ? new Uint8Array(file) : file;
  if (!(bytes instanceof Uint8Array)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'importOnnx', argument: 'bytes', expected: 'a Uint8Array or an ArrayBuffer', received: Object.prototype.toString.call(file) });
  }
  const unknown = Object.keys(options).find((name) => !(['shapes', 'constants', 'optimize'] satisfies (keyof ImportOptions)[] as string[]).includes(name));
  if (unknown !== undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'importOnnx', argument: unknown, expected: 'an option of importOnnx: shapes, constants, optimize', received: 'another' });
  const { PbfReader } = await import('pbf');
  const model = readModel(bytes, PbfReader);
  if (model.graph === undefined) throw new DyadicError('ERR_ONNX_PARSE', { op: 'importOnnx', argument: 'bytes', expected: 'an ONNX file', received: `${bytes.length} bytes without a graph` });
  try {
    const graph = buildGraph(model.graph, checkOpset(model), options);
    validateGraph(graph);
    return options.optimize === false ? graph : optimize(graph);
  } catch (error) {
    throw asImportError(error);
  }
}

/** What shape inference finds wrong in a file is the file's fault. */
function asImportError(error: unknown): unknown {
  if (!(error instanceof DyadicError) || error.op === 'importOnnx') return error;
  if (error.code !== 'ERR_SHAPE' && error.code !== 'ERR_DTYPE') return error;
  const { op, argument, expected, received } = error;
  return new DyadicError('ERR_ONNX_INVALID', {
    op,
    ...(argument === undefined ? {} : { argument }),
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    cause: error,
  });
}

function checkOpset(model: ModelProto): number {
  const opset = model.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (opset === undefined) throw new DyadicError('ERR_ONNX_INVALID', { op: 'importOnnx', argument: 'opset_import', expected: 'the default domain', received: 'none' });
  if (!(opset.version >= OPSETS.first && opset.version <= OPSETS.last)) {
    const received = String(opset.version);
    const details = [`opset ${received}: ${OPSETS.first} to ${OPSETS.last} are supported`];
    throw new DyadicError('ERR_ONNX_UNSUPPORTED', { op: 'importOnnx', argument: 'opset_import', expected: `opset ${OPSETS.first} to ${OPSETS.last}`, received, details });
  }
  return opset.version;
}

function buildGraph(graph: GraphProto, opset: number, options: ImportOptions): Graph {
  const nodes = orderNodes(graph);
  const builder = new GraphBuilder(allNames(graph));
  if (graph.sparseInitializers > 0) builder.unsupported.push(`graph: ${graph.sparseInitializers} sparse initializers`);
  addInitializers(builder, graph);
  const inputs = addInputs(builder, graph, nodes, options);
  for (const node of nodes) importNode(builder, node, opset);
  requireOutputs(builder, graph, nodes);
  const outputs = graph.outputs.map((output) => output.name);
  for (const name of outputs) if (builder.quantized.has(builder.resolve(name))) builder.unsupported.push(`output "${name}": is codes; a DequantizeLinear must follow`);
  if (outputs.length === 0) throw new DyadicError('ERR_ONNX_INVALID', { op: 'importOnnx', argument: 'graph', expected: 'an output', received: 'none' });
  if (builder.unsupported.length > 0) throw unsupportedError(builder.unsupported);
  const result = builder.finish(graph.name, inputs, outputs);
  if (builder.unsupported.length > 0) throw unsupportedError(builder.unsupported);
  return result;
}

function unsupportedError(details: readonly string[]): DyadicError {
  const isInteger = details.some((detail) => /operator (com\.microsoft\.)?(QLinear|ConvInteger|MatMulInteger|DynamicQuantizeLinear)/.test(detail));
  const advice = isInteger ? '; it is quantized already: export it with QuantizeLinear and DequantizeLinear (QDQ), or import the float network that it was made of' : '';
  return new DyadicError('ERR_ONNX_UNSUPPORTED', { op: 'importOnnx', expected: 'a network of supported operators', received: `${details.length} that are not${advice}`, details });
}

function allNames(graph: GraphProto): Set<string> {
  const names = new Set<string>();
  for (const { name } of [...graph.inputs, ...graph.initializers, ...graph.outputs]) names.add(name);
  for (const node of graph.nodes) for (const name of [...node.inputs, ...node.outputs]) names.add(name);
  return names;
}

function addInitializers(builder: GraphBuilder, graph: GraphProto): void {
  for (const tensor of graph.initializers) {
    try {
      builder.addInitializer(tensor.name, toConstant(tensor, `initializer "${tensor.name}"`), tensor.dataType);
    } catch (error) {
      if (!(error instanceof DyadicError) || error.code !== 'ERR_ONNX_UNSUPPORTED') throw error;
      builder.unsupported.push(...error.details);
      builder.markUnknown(tensor.name);
    }
  }
}

/** Inputs without an initializer; returns the names of those that are fed at run time. */
function addInputs(builder: GraphBuilder, graph: GraphProto, nodes: readonly NodeProto[], options: ImportOptions): string[] {
  const constants = new Map(Object.entries(options.constants ?? {}));
  for (const [name, constant] of constants) {
    if (!graph.inputs.some((input) => input.name === name)) {
      throw new DyadicError('ERR_ARGUMENT', { op: 'importOnnx', argument: `constants.${name}`, expected: `an input of the model (${graph.inputs.map((input) => input.name).join(', ')})`, received: 'another name' });
    }
    if (!Array.isArray(constant?.shape) || typeof constant.data?.length !== 'number') {
      throw new DyadicError('ERR_ARGUMENT', { op: 'importOnnx', argument: `constants.${name}`, expected: '{ dtype, shape, data }', received: typeof constant });
    }
    if (constant.data.length !== elementCount(constant.shape)) {
      throw new DyadicError('ERR_SHAPE', { op: 'importOnnx', argument: `constants.${name}`, expected: `${elementCount(constant.shape)} elements`, received: String(constant.data.length) });
    }
    builder.setConstant(name, constant);
  }
  const fed = graph.inputs.filter((input) => !builder.defined(input.name));
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs.map((output) => output.name)]);
  const names: string[] = [];
  const supported = fed.filter((input) => {
    if (input.elementType === DataType.FLOAT) return true;
    if (used.has(input.name)) {
      const type = input.elementType === 0 ? 'no tensor' : dataTypeName(input.elementType);
      builder.unsupported.push(`input "${input.name}": is ${type}; only float32 tensors are fed at run time (options.constants makes an input constant)`);
    }
    builder.markUnknown(input.name);
    return false;
  });
  for (const [name, shape] of bindInputShapes(supported, options.shapes ?? {})) {
    builder.values.set(name, { dtype: 'f32', shape });
    names.push(name);
  }
  return names;
}

function importNode(builder: GraphBuilder, node: NodeProto, opset: number): void {
  const before = builder.unsupported.length;
  const isStandard = node.domain === '' || node.domain === 'ai.onnx' || (node.domain === 'com.microsoft' && FOREIGN.has(node.opType));
  const handler = isStandard ? handlers.get(node.opType) : undefined;
  if (handler === undefined) {
    builder.unsupported.push(`${nodeLabel(node)}: operator ${node.domain === '' ? '' : `${node.domain}.`}${node.opType}`);
  } else {
    try {
      const context = new NodeContext(builder, node, opset);
      handler(context);
      for (const name of context.attributes.unread()) context.report(`attribute ${name}`);
    } catch (error) {
      const explained = error instanceof UnknownValue || error instanceof Refused || builder.unsupported.length > before;
      if (!explained) throw error;
    }
  }
  if (builder.unsupported.length > before || !node.outputs.some((name) => builder.defined(name))) {
    for (const name of node.outputs) builder.markUnknown(name);
  }
}

/** Outputs that handlers do not make (masks, indices, statistics) must not be read by anybody. */
function requireOutputs(builder: GraphBuilder, graph: GraphProto, nodes: readonly NodeProto[]): void {
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs.map((output) => output.name)]);
  for (const node of nodes) {
    node.outputs.forEach((name, index) => {
      if (used.has(name) && name !== '' && !builder.defined(name)) builder.unsupported.push(`${nodeLabel(node)}: output ${index} ("${name}") is used`);
    });
  }
}
