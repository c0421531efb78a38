import type { Constant, Graph, GraphNode } from '../../graph/graph.js';
import { shownConstant } from '../../graph/quantize-float.js';

/** The same network with constants as their codes show them, once, and not in every run. One that is an output of the graph stays a node. */
export function showConstants(graph: Graph): Graph {
  const shown = new Map<string, Constant>();
  for (const node of graph.nodes) {
    const constant = node.op === 'FakeQuantize' && !graph.outputs.includes(node.outputs[0]!) ? graph.constants.get(node.inputs[0]!) : undefined;
    if (node.op === 'FakeQuantize' && constant !== undefined) shown.set(node.outputs[0]!, shownConstant(constant, node.attributes));
  }
  if (shown.size === 0) return graph;
  const isNeeded = (node: GraphNode): boolean => !shown.has(node.outputs[0]!);
  return {
    ...graph,
    nodes: graph.nodes.filter(isNeeded),
    constants: new Map([...graph.constants, ...shown]),
    values: new Map([...graph.values].filter(([name]) => !shown.has(name))),
  };
}
