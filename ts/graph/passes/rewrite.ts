import type { Graph, GraphNode } from '../graph.js';
import { GraphEditor } from '../editor.js';

/** Looks at one node and may change the graph around it; returns whether it did. */
export type Rewrite = (node: GraphNode, editor: GraphEditor) => boolean;

/** Offers every node, in execution order, to a rewrite. Returns the same graph where nothing changed, else a new one. */
export function applyRewrite(graph: Graph, rewrite: Rewrite): Graph {
  const editor = new GraphEditor(graph);
  let changed = false;
  for (const node of editor.nodes()) if (editor.has(node) && rewrite(node, editor)) changed = true;
  return changed ? editor.finish() : graph;
}
