import type { Bounds } from '../graph.js';
import type { Rewrite } from './rewrite.js';

/** Relu and Clip become the bounds of the Conv, Gemm, MatMul, Add or BatchNormalization before them, if nobody else reads that one's output. */
export const fuseActivation: Rewrite = (node, editor) => {
  if (node.op !== 'Relu' && node.op !== 'Clip') return false;
  const producer = editor.soleProducer(node.inputs[0]!);
  if (producer === undefined) return false;
  switch (producer.op) {
    case 'Conv':
    case 'Gemm':
    case 'MatMul':
    case 'Add':
    case 'BatchNormalization': {
      const outer = node.op === 'Relu' ? { lo: 0, hi: Infinity } : { lo: node.attributes.min, hi: node.attributes.max };
      editor.fuse(producer, node, { ...producer, outputs: node.outputs, bounds: clampBounds(producer.bounds, outer) });
      return true;
    }
    default: return false;
  }
};

/** Clamping to `inner`, then to `outer`. */
function clampBounds(inner: Bounds | undefined, outer: Bounds): Bounds {
  if (inner === undefined) return outer;
  const clamp = (bound: number) => Math.min(Math.max(bound, outer.lo), outer.hi);
  return { lo: clamp(inner.lo), hi: clamp(inner.hi) };
}
