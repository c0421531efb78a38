/** The nodes of an ONNX graph that its outputs need, in an order in which every input is made before it is read. */
import { DyadicError } from '../errors.js';
import type { GraphProto, NodeProto } from './proto.js';

/** How a node is named in errors: by its name, or by what it makes. */
export function nodeLabel(node: NodeProto): string {
  return `${node.opType || 'node'} "${node.name || node.outputs.find((name) => name !== '') || ''}"`;
}

/**
 * Throws ERR_ONNX_INVALID for names made twice, names that nothing makes, and cycles. Files should be sorted already; those that are not are
 * sorted here, keeping the file's order where it is free.
 */
export function orderNodes(graph: GraphProto): NodeProto[] {
  const producers = findProducers(graph);
  const given = new Set([...graph.inputs.map((input) => input.name), ...graph.initializers.map((tensor) => tensor.name)]);
  const needed = collectNeeded(graph, producers, given);
  return sort(graph.nodes.filter((node) => needed.has(node)), producers);
}

function findProducers(graph: GraphProto): Map<string, NodeProto> {
  const inputs = distinct(graph.inputs.map((input) => input.name), 'graph inputs');
  const initializers = distinct(graph.initializers.map((tensor) => tensor.name), 'initializers');
  distinct(graph.outputs.map((output) => output.name), 'graph outputs');
  const producers = new Map<string, NodeProto>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (producers.has(name) || inputs.has(name) || initializers.has(name)) throw invalid(nodeLabel(node), `"${name}" to be made once`, 'a second time');
      producers.set(name, node);
    }
  }
  return producers;
}

function distinct(names: readonly string[], what: string): Set<string> {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw invalid(what, 'distinct names', `"${name}" twice`);
    if (name === '') throw invalid(what, 'names', 'an empty one');
    seen.add(name);
  }
  return seen;
}

function collectNeeded(graph: GraphProto, producers: Map<string, NodeProto>, given: Set<string>): Set<NodeProto> {
  const needed = new Set<NodeProto>();
  const pending = graph.outputs.map((output) => ({ name: output.name, reader: 'graph outputs' }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { name, reader } = next;
    const node = producers.get(name);
    if (node === undefined) {
      if (!given.has(name)) throw invalid(reader, `"${name}" to be an input, an initializer or made by a node`, 'none of these');
    } else if (!needed.has(node)) {
      needed.add(node);
      for (const input of node.inputs) if (input !== '') pending.push({ name: input, reader: nodeLabel(node) });
    }
  }
  return needed;
}

function sort(nodes: readonly NodeProto[], producers: Map<string, NodeProto>): NodeProto[] {
  const waitingFor = new Map<NodeProto, number>();
  const readers = new Map<NodeProto, NodeProto[]>();
  for (const node of nodes) {
    const sources = new Set(node.inputs.map((name) => producers.get(name)).filter((source) => source !== undefined));
    waitingFor.set(node, sources.size);
    for (const source of sources) {
      const list = readers.get(source);
      if (list === undefined) readers.set(source, [node]);
      else list.push(node);
    }
  }
  const position = new Map(nodes.map((node, index) => [node, index]));
  const alreadySorted = nodes.every((node) => node.inputs.every((name) => !producers.has(name) || position.get(producers.get(name)!)! < position.get(node)!));
  if (alreadySorted) return [...nodes];
  const order = nodes.filter((node) => waitingFor.get(node) === 0);
  for (let index = 0; index < order.length; index++) {
    for (const reader of readers.get(order[index]!) ?? []) {
      const left = waitingFor.get(reader)! - 1;
      waitingFor.set(reader, left);
      if (left === 0) order.push(reader);
    }
  }
  if (order.length < nodes.length) {
    const stuck = nodes.find((node) => waitingFor.get(node)! > 0)!;
    throw invalid(nodeLabel(stuck), 'a graph without cycles', 'a node in or behind a cycle');
  }
  return order;
}

function invalid(op: string, expected: string, received: string): DyadicError {
  return new DyadicError('ERR_ONNX_INVALID', { op, expected, received });
}
