/** Small networks with fixed codes, for files that other runtimes must compute as we do. */
import { tapeToGraph } from '../../ts/train/deploy/tape-to-graph.js';
import type { Graph } from '../../ts/graph/graph.js';
import { trainedNetworks } from '../../tests/train/deploy/trained-networks.js';

export function quantizedNetworks(): readonly (readonly [string, Graph])[] {
  return trainedNetworks().map(({ name, tape, snapshot }) => [name, tapeToGraph(tape, snapshot, name)]);
}
