import { windowCount } from '../../../graph/pool-window.js';
import { type ExportContext, int, ints, type NodeOf } from '../context.js';

/** The output's size says whether the windows were counted in ceil mode. */
export function exportPool(context: ExportContext, node: NodeOf<'MaxPool'> | NodeOf<'AveragePool'>): void {
  const { kernel, stride, pads, dilation, countIncludePad } = node.attributes;
  const input = context.shape(node.inputs[0]!);
  const output = context.shape(node.outputs[0]!);
  const isCeil = ([0, 1] as const).some((axis) => output[axis + 2] !== windowCount(input[axis + 2]!, pads[axis], pads[axis + 2]!, kernel[axis], stride[axis], dilation[axis]));
  const isDilated = dilation.some((d) => d !== 1);
  context.emit(node.op, node.name, [context.input(node, 0)], node.outputs[0]!, {
    kernel_shape: ints(kernel), strides: ints(stride), pads: ints(pads), ceil_mode: int(isCeil ? 1 : 0),
    ...(isDilated ? { dilations: ints(dilation) } : {}),
    ...(node.op === 'AveragePool' ? { count_include_pad: int(countIncludePad ? 1 : 0) } : {}),
  });
}
