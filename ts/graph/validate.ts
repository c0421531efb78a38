/** Checks a Graph against its own rules: order, names, shapes. */
import { DyadicError } from '../errors.js';
import type { Graph, ValueInfo } from './graph.js';
import { inferOutput, shapeError } from './infer.js';
import { elementCount, sameShape, showShape } from './shape.js';

/** A graph from JavaScript may be anything: its parts have to be there before they are looked at. */
function requireGraph(graph: Graph): void {
  const isList = (names: unknown): boolean => Array.isArray(names) && names.every((name) => typeof name === 'string');
  const { inputs, outputs, nodes, constants, values } = graph ?? {};
  const isWhole = isList(inputs) && isList(outputs) && constants instanceof Map && values instanceof Map && Array.isArray(nodes);
  const isNode = (node: Graph['nodes'][number] | null): boolean => isList(node?.inputs) && isList(node?.outputs) && typeof node?.attributes === 'object' && node.attributes !== null;
  if (isWhole && nodes.every(isNode)) return;
  throw new DyadicError('ERR_ARGUMENT', { op: 'graph', argument: 'graph', expected: 'a Graph as importOnnx() makes it', received: 'something else' });
}

/** Throws ERR_ARGUMENT for what is no Graph, for names (missing, made twice, out of order) and ERR_SHAPE or ERR_DTYPE where a stated shape is not what its node makes. */
export function validateGraph(graph: Graph): void {
  requireGraph(graph);
  const known = new Map<string, ValueInfo>();
  const define = (name: string, info: ValueInfo | undefined, op: string) => {
    if (info === undefined) throw new DyadicError('ERR_ARGUMENT', { op, argument: name, expected: 'an entry in values', received: 'none' });
    if (name === '' || known.has(name)) throw new DyadicError('ERR_ARGUMENT', { op, argument: name, expected: 'a name that is made once', received: 'a second time' });
    known.set(name, info);
  };
  for (const [name, constant] of graph.constants) {
    define(name, constant, 'constant');
    if (constant.data.length !== elementCount(constant.shape)) {
      throw new DyadicError('ERR_SHAPE', { op: 'constant', argument: name, expected: `${elementCount(constant.shape)} elements`, received: String(constant.data.length) });
    }
  }
  for (const name of graph.inputs) define(name, graph.values.get(name), 'graph input');
  for (const node of graph.nodes) {
    const op = `${node.op} "${node.name}"`;
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const info = known.get(name);
      if (info === undefined) throw new DyadicError('ERR_ARGUMENT', { op, argument: name, expected: 'an earlier value', received: 'none' });
      return info;
    });
    const [output, ...rest] = node.outputs;
    if (output === undefined || rest.length > 0) throw new DyadicError('ERR_ARGUMENT', { op, argument: 'outputs', expected: 'one output', received: String(node.outputs.length) });
    const declared = graph.values.get(output);
    define(output, declared, op);
    const inferred = inferOutput(node, inputs, declared!.shape);
    if (!sameShape(inferred.shape, declared!.shape)) throw shapeError(node, 'output', showShape(inferred.shape), showShape(declared!.shape));
    if (inferred.dtype !== declared!.dtype) throw new DyadicError('ERR_DTYPE', { op, argument: 'output', expected: inferred.dtype, received: declared!.dtype });
  }
  for (const name of graph.outputs) {
    if (!known.has(name)) throw new DyadicError('ERR_ARGUMENT', { op: 'graph output', argument: name, expected: 'a value of the graph', received: 'none' });
  }
}
