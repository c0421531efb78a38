/** ONNX operator → its handler. What is not here is unsupported. */
import type { OnnxHandler } from './node-context.js';
import { importAdd } from './ops/Add.js';
import { importAveragePool } from './ops/AveragePool.js';
import { importBatchNormalization } from './ops/BatchNormalization.js';
import { importCast } from './ops/Cast.js';
import { importClip } from './ops/Clip.js';
import { importConcat } from './ops/Concat.js';
import { importConstant } from './ops/Constant.js';
import { importConstantOfShape } from './ops/ConstantOfShape.js';
import { importConv } from './ops/Conv.js';
import { importDequantizeLinear } from './ops/DequantizeLinear.js';
import { importDiv } from './ops/Div.js';
import { importDropout } from './ops/Dropout.js';
import { importFlatten } from './ops/Flatten.js';
import { importFloor } from './ops/Floor.js';
import { importGather } from './ops/Gather.js';
import { importGemm } from './ops/Gemm.js';
import { importGlobalAveragePool } from './ops/GlobalAveragePool.js';
import { importIdentity } from './ops/Identity.js';
import { importMatMul } from './ops/MatMul.js';
import { importMaxPool } from './ops/MaxPool.js';
import { importMul } from './ops/Mul.js';
import { importPad } from './ops/Pad.js';
import { importQuantizeLinear } from './ops/QuantizeLinear.js';
import { importReduceMean } from './ops/ReduceMean.js';
import { importRelu } from './ops/Relu.js';
import { importReshape } from './ops/Reshape.js';
import { importShape } from './ops/Shape.js';
import { importSlice } from './ops/Slice.js';
import { importSoftmax } from './ops/Softmax.js';
import { importSqueeze } from './ops/Squeeze.js';
import { importSub } from './ops/Sub.js';
import { importTranspose } from './ops/Transpose.js';
import { importUnsqueeze } from './ops/Unsqueeze.js';

export const handlers: ReadonlyMap<string, OnnxHandler> = new Map<string, OnnxHandler>([
  ['Add', importAdd],
  ['AveragePool', importAveragePool],
  ['BatchNormalization', importBatchNormalization],
  ['Cast', importCast],
  ['Clip', importClip],
  ['Concat', importConcat],
  ['Constant', importConstant],
  ['ConstantOfShape', importConstantOfShape],
  ['Conv', importConv],
  ['DequantizeLinear', importDequantizeLinear],
  ['Div', importDiv],
  ['Dropout', importDropout],
  ['Flatten', importFlatten],
  ['Floor', importFloor],
  ['Gather', importGather],
  ['Gemm', importGemm],
  ['GlobalAveragePool', importGlobalAveragePool],
  ['Identity', importIdentity],
  ['MatMul', importMatMul],
  ['MaxPool', importMaxPool],
  ['Mul', importMul],
  ['Pad', importPad],
  ['QuantizeLinear', importQuantizeLinear],
  ['ReduceMean', importReduceMean],
  ['Relu', importRelu],
  ['Reshape', importReshape],
  ['Shape', importShape],
  ['Slice', importSlice],
  ['Softmax', importSoftmax],
  ['Squeeze', importSqueeze],
  ['Sub', importSub],
  ['Transpose', importTranspose],
  ['Unsqueeze', importUnsqueeze],
]);
