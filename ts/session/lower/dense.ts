/** SPEC 3.2: a 1 × 1 convolution over an image of one column, a row of the input per pixel. */
import { at } from '../assembler.js';
import { elementCount } from '../../graph/shape.js';
import { isRowMajor } from '../layout.js';
import { stridedCopy, wholeView } from '../strided-copy.js';
import { formFields, type LowerContext, type OperationOf } from './context.js';
import { multiplyPanels, packPanels } from './conv2d.js';

export function lowerDense(context: LowerContext, operation: OperationOf<'dense'>): void {
  const { assembler } = context;
  const input = context.input(operation);
  const output = context.output(operation);
  const [outC, inC] = context.tensor(operation.weight).shape as [number, number];
  const panels = packPanels(context, operation, input, inC, outC);
  const rows = elementCount(input.info.shape) / inC;

  let source = input.buffer;
  if (!isRowMajor(input.layout)) {
    const rowMajor = context.rowMajorTemporary(`${operation.name} rows`, input.info.shape, input.container);
    stridedCopy(assembler, input.info.shape, input.layout.elementBytes, wholeView(input.buffer, input.layout), wholeView(rowMajor.buffer, rowMajor.layout));
    source = rowMajor.buffer;
  }
  const scattered = isRowMajor(output.layout) ? null : context.rowMajorTemporary(`${operation.name} result`, output.info.shape, output.container);
  const [lo, hi] = operation.clamp;
  multiplyPanels(context, panels, {
    inputOffset: at(source),
    weightsOffset: at(panels.weights),
    biasOffset: at(panels.bias),
    multiplierOffset: at(panels.multipliers),
    outputOffset: at(scattered?.buffer ?? output.buffer),
    inContainer: input.container,
    inH: rows, inW: 1, inC, inStride: inC,
    inZeroPoint: input.info.zeroPoint,
    outContainer: output.container,
    outH: rows, outW: 1, outC, outStride: outC,
    kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, dilationH: 1, dilationW: 1, groups: 1,
    ...formFields(operation.requantization),
    outZeroPoint: output.info.zeroPoint,
    lo,
    hi,
    batch: 1,
  });
  if (scattered !== null) {
    stridedCopy(assembler, output.info.shape, output.layout.elementBytes, wholeView(scattered.buffer, scattered.layout), wholeView(output.buffer, output.layout));
  }
}
