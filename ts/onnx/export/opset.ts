import type { Graph, GraphNode } from '../../graph/graph.js';
import type { ExportSettings } from './context.js';

/** The opset that is written unless something needs a newer one. */
const USUAL = 17;
/** AveragePool takes dilations. */
const DILATED_AVERAGE = 19;
/** INT4 and UINT4. */
const FOUR_BIT = 21;

/** The oldest opset that has every operator of the graph as it is used. */
export function requiredOpset(graph: Graph, settings: ExportSettings): number {
  return graph.nodes.reduce((opset, node) => Math.max(opset, opsetOf(node, settings)), USUAL);
}

function opsetOf(node: GraphNode, { isQuantized, hasFourBitTypes }: ExportSettings): number {
  if (node.op === 'AveragePool' && node.attributes.dilation.some((d) => d !== 1)) return DILATED_AVERAGE;
  return node.op === 'FakeQuantize' && isQuantized && hasFourBitTypes && isFourBit(node.attributes.range) ? FOUR_BIT : USUAL;
}

/** Whether INT4 or UINT4 holds these codes. */
export function isFourBit([lo, hi]: readonly [number, number]): boolean {
  return lo < 0 ? lo >= -8 && hi <= 7 : hi <= 15;
}
