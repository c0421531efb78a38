import type { Graph } from '../../ts/graph/graph.js';

/** The network that its trained f32 weights compute: every FakeQuantize is left out. */
export function withoutQuantization(graph: Graph): Graph {
  const sources = new Map(graph.nodes.filter(({ op }) => op === 'FakeQuantize').map(({ outputs, inputs }) => [outputs[0]!, inputs[0]!]));
  const nodes = graph.nodes.filter(({ op }) => op !== 'FakeQuantize').map((node) => ({ ...node, inputs: node.inputs.map((input) => sources.get(input) ?? input) }));
  return { ...graph, nodes, values: new Map([...graph.values].filter(([name]) => !sources.has(name))) };
}
