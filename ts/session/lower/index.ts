/** Operation → steps. */
import type { Operation } from '../../integer/integer-graph.js';
import { lowerAdd } from './add.js';
import { lowerConcat } from './concat.js';
import type { LowerContext } from './context.js';
import { lowerConv2d } from './conv2d.js';
import { lowerDense } from './dense.js';
import { lowerPad, lowerReshape, lowerSlice, lowerTranspose } from './movement.js';
import { lowerAveragePool, lowerMaxPool } from './pool.js';
import { lowerRequantize } from './requantize.js';

export function lowerOperation(context: LowerContext, operation: Operation): void {
  switch (operation.op) {
    case 'conv2d': return lowerConv2d(context, operation);
    case 'dense': return lowerDense(context, operation);
    case 'add': return lowerAdd(context, operation);
    case 'max_pool': return lowerMaxPool(context, operation);
    case 'average_pool': return lowerAveragePool(context, operation);
    case 'requantize': return lowerRequantize(context, operation);
    case 'concat': return lowerConcat(context, operation);
    case 'slice': return lowerSlice(context, operation);
    case 'pad': return lowerPad(context, operation);
    case 'transpose': return lowerTranspose(context, operation);
    case 'reshape': return lowerReshape(context, operation);
  }
}
