import type { GraphEditor } from '../editor.js';
import type { GraphNode } from '../graph.js';
import { elementCount } from '../shape.js';

/** beta·C of a Gemm as one f32 per column: undefined where it has no C, 'not per column' where C is computed or differs by row. */
export function gemmBias(gemm: GraphNode & { op: 'Gemm' }, columns: number, editor: GraphEditor): Float32Array | undefined | 'not per column' {
  const name = gemm.inputs[2] ?? '';
  if (name === '') return undefined;
  const c = editor.constant(name);
  if (c === undefined || elementCount(c.shape.slice(0, -1)) !== 1) return 'not per column';
  return Float32Array.from({ length: columns }, (_, n) => gemm.attributes.beta * c.data[c.data.length === 1 ? 0 : n]!);
}
