/** Which function writes which operator of a Graph. */
import type { GraphNode } from '../../graph/graph.js';
import type { ExportContext } from './context.js';
import { exportAdd } from './ops/Add.js';
import { exportBatchNormalization } from './ops/BatchNormalization.js';
import { exportClip, exportRelu } from './ops/Clip.js';
import { exportConcat } from './ops/Concat.js';
import { exportConv } from './ops/Conv.js';
import { exportFakeQuantize } from './ops/FakeQuantize.js';
import { exportGather } from './ops/Gather.js';
import { exportGemm } from './ops/Gemm.js';
import { exportMatMul } from './ops/MatMul.js';
import { exportPad } from './ops/Pad.js';
import { exportPool } from './ops/Pool.js';
import { exportReduceMean } from './ops/ReduceMean.js';
import { exportReshape } from './ops/Reshape.js';
import { exportSlice } from './ops/Slice.js';
import { exportSoftmax } from './ops/Softmax.js';
import { exportTranspose } from './ops/Transpose.js';

export function exportNode(context: ExportContext, node: GraphNode): void {
  switch (node.op) {
    case 'Add': return exportAdd(context, node);
    case 'BatchNormalization': return exportBatchNormalization(context, node);
    case 'Clip': return exportClip(context, node);
    case 'Concat': return exportConcat(context, node);
    case 'Conv': return exportConv(context, node);
    case 'FakeQuantize': return exportFakeQuantize(context, node);
    case 'Gather': return exportGather(context, node);
    case 'Gemm': return exportGemm(context, node);
    case 'MatMul': return exportMatMul(context, node);
    case 'Pad': return exportPad(context, node);
    case 'MaxPool':
    case 'AveragePool': return exportPool(context, node);
    case 'ReduceMean': return exportReduceMean(context, node);
    case 'Relu': return exportRelu(context, node);
    case 'Reshape': return exportReshape(context, node);
    case 'Slice': return exportSlice(context, node);
    case 'Softmax': return exportSoftmax(context, node);
    case 'Transpose': return exportTranspose(context, node);
  }
}
