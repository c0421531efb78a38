/** One place that knows every node. */
import type { PlanNode } from '../fuse.js';
import type { Backward, TrainContext } from './context.js';
import { lowerAdd, lowerClamp } from './elementwise.js';
import { lowerLayerF32 } from './layer-f32.js';
import { lowerLayerQuantized } from './layer-quantized.js';
import { lowerFlatten, lowerOptionAShortcut } from './movement.js';
import { lowerNormalize } from './normalize.js';
import { lowerAveragePool, lowerMaxPool } from './pool.js';

/** Writes the forward steps of a node; what it returns writes the backward ones. */
export function lowerNode(context: TrainContext, node: PlanNode): Backward {
  switch (node.op) {
    case 'input': return () => undefined;
    case 'conv2d':
    case 'linear': {
      const { quantization } = node;
      return quantization === null ? lowerLayerF32(context, node) : lowerLayerQuantized(context, { ...node, quantization });
    }
    case 'normalize': return lowerNormalize(context, node);
    case 'add': return lowerAdd(context, node);
    case 'clamp': return lowerClamp(context, node);
    case 'max_pool': return lowerMaxPool(context, node);
    case 'average_pool': return lowerAveragePool(context, node);
    case 'flatten': return lowerFlatten(context, node);
    case 'option_a_shortcut': return lowerOptionAShortcut(context, node);
  }
}
