import type { Graph } from './graph.js';
import { canonicalGemm } from './passes/canonical-gemm.js';
import { dropNoOps } from './passes/drop-no-ops.js';
import { foldBatchNorm } from './passes/fold-batch-norm.js';
import { foldBatchNormForward } from './passes/fold-batch-norm-forward.js';
import { foldBias } from './passes/fold-bias.js';
import { foldConstants } from './passes/fold-constants.js';
import { foldPad } from './passes/fold-pad.js';
import { fuseActivation } from './passes/fuse-activation.js';
import { mergeDataMovement } from './passes/merge-data-movement.js';
import { poolFromReduceMean } from './passes/pool-from-reduce-mean.js';
import { removeDeadNodes } from './passes/remove-dead-nodes.js';
import { applyRewrite } from './passes/rewrite.js';
import type { Rewrite } from './passes/rewrite.js';

/** Each makes the graph smaller or more canonical and none undoes another's work, so the loop below ends. */
const REWRITES: readonly Rewrite[] = [
  foldConstants, removeDeadNodes, dropNoOps, mergeDataMovement, poolFromReduceMean, foldPad, foldBatchNorm, canonicalGemm, foldBatchNormForward, foldBias, fuseActivation,
];

/**
 * The same network with constants folded, batch norm, bias and padding in the layers they belong to, activations fused and no-ops gone. Inputs and
 * outputs keep names and shapes. The given graph is not changed.
 */
export function optimize(graph: Graph): Graph {
  for (let current = graph; ; ) {
    const next = REWRITES.reduce(applyRewrite, current);
    if (next === current) return current;
    current = next;
  }
}
