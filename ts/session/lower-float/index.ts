/** Node → steps. */
import type { GraphNode } from '../../graph/graph.js';
import type { FloatContext } from './context.js';
import { lowerConv, lowerPool } from './convolution.js';
import { lowerAdd, lowerBatchNormalization, lowerClamp, lowerFakeQuantize } from './elementwise.js';
import { lowerConcat, lowerGather, lowerPad, lowerReshape, lowerSlice, lowerTranspose } from './movement.js';
import { lowerGemm, lowerMatMul } from './product.js';
import { lowerReduceMean, lowerSoftmax } from './reduction.js';

export function lowerNode(context: FloatContext, node: GraphNode): void {
  switch (node.op) {
    case 'Conv': return lowerConv(context, node);
    case 'Gemm': return lowerGemm(context, node);
    case 'MatMul': return lowerMatMul(context, node);
    case 'BatchNormalization': return lowerBatchNormalization(context, node);
    case 'Add': return lowerAdd(context, node);
    case 'Relu':
    case 'Clip': return lowerClamp(context, node);
    case 'FakeQuantize': return lowerFakeQuantize(context, node);
    case 'MaxPool':
    case 'AveragePool': return lowerPool(context, node);
    case 'ReduceMean': return lowerReduceMean(context, node);
    case 'Concat': return lowerConcat(context, node);
    case 'Reshape': return lowerReshape(context, node);
    case 'Transpose': return lowerTranspose(context, node);
    case 'Slice': return lowerSlice(context, node);
    case 'Pad': return lowerPad(context, node);
    case 'Softmax': return lowerSoftmax(context, node);
    case 'Gather': return lowerGather(context, node);
  }
}
