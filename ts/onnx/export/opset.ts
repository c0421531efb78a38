import type { Graph, GraphNode } from '../../graph/graph.js';
import type { ExportSettings } from './context.js';

/** The opset that is written unless something needs a newer one. */
const USUAL = 17;
/** AveragePool takes dilations. */
const DILATED_AVERAGE = 19;
/** INT4. */
const FOUR_BIT = 21;

/** The oldest opset that has every operator of the graph as it is used. */
export function requiredOpset(graph: Graph, settings: ExportSettings): number {
  return graph.nodes.reduce((opset, node) => Math.max(opset, opsetOf(graph, node, settings)), USUAL);
}

function opsetOf(graph: Graph, node: GraphNode, settings: ExportSettings): number {
  if (node.op === 'AveragePool' && node.attributes.dilation.some((d) => d !== 1)) return DILATED_AVERAGE;
  return node.op === 'FakeQuantize' && settings.isQuantized && isFourBit(graph, node, settings) ? FOUR_BIT : USUAL;
}

/** Whether the codes of this node are weights that INT4 is to hold. */
export function isFourBit(graph: Graph, { inputs, attributes: { range: [lo, hi] } }: Extract<GraphNode, { op: 'FakeQuantize' }>, { hasFourBitWeights }: ExportSettings): boolean {
  return hasFourBitWeights && graph.constants.has(inputs[0]!) && lo >= -8 && hi <= 7;
}
