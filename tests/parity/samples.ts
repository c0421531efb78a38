/** Input codes for a graph: the ends of every range, then random ones. */
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { product } from './graph-builder.js';
import { Random } from './random.js';

/** Codes of each input of a graph, in the order of `graph.inputs`. */
export type Sample = readonly Int32Array[];

export function samplesOf(graph: IntegerGraph, seed: number, count: number): Sample[] {
  const random = new Random(seed ^ 0x5eed);
  const patterns = [
    (lo: number, hi: number) => random.integer(lo, hi),
    (_lo: number, hi: number) => hi,
    (lo: number) => lo,
    (lo: number, hi: number, i: number) => (i % 2 === 0 ? lo : hi),
  ] as const;
  return Array.from({ length: count }, (_, index) => {
    const pattern = patterns[index] ?? patterns[0];
    return graph.inputs.map(({ value }) => {
      const { shape, range } = graph.values[value] ?? { shape: [], range: [0, 0] as const };
      return Int32Array.from({ length: product(shape) }, (_, i) => pattern(range[0], range[1], i));
    });
  });
}
