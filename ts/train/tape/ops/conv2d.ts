import { DyadicError } from '../../../errors.js';
import { showShape } from '../../../graph/shape.js';
import type { Parameter } from '../../modules/parameter.js';
import type { Value } from '../node.js';
import { type Padding, type Pair, checkSize, readPads, readPair, windowSizes } from '../window.js';
import { begin, checkParameter, pictureShape } from './input-shape.js';
import { type LayerIntervals, quantizationOf } from './quantization.js';

export interface Conv2dArguments {
  /** [out_c][in_c/groups][kernel_h][kernel_w] */
  readonly weight: Parameter;
  /** [out_c] */
  readonly bias?: Parameter | null;
  readonly stride?: Pair;
  readonly padding?: Padding;
  readonly dilation?: Pair;
  readonly groups?: number;
  readonly quantization?: LayerIntervals | null;
}

/** Records a convolution: x [N, H, W, in_c] → [N, H', W', out_c]. Zeros are padded. */
export function conv2d(x: Value, { weight, bias = null, stride = 1, padding = 0, dilation = 1, groups = 1, quantization = null }: Conv2dArguments): Value {
  const { tape, label } = begin(x, 'conv2d');
  if (weight.shape.length !== 4) throw new DyadicError('ERR_SHAPE', { op: label, argument: 'weight', expected: '[out, in/groups, height, width]', received: showShape(weight.shape) });
  const [outC, perGroup, kernelH, kernelW] = weight.shape as [number, number, number, number];
  checkSize(groups, 1, label, 'groups');
  const [batch, height, width] = pictureShape(x, label, perGroup * groups);
  if (outC % groups !== 0) throw new DyadicError('ERR_SHAPE', { op: label, argument: 'groups', expected: `a divisor of ${outC} output channels`, received: String(groups) });
  checkParameter(tape, weight, weight.shape, label, 'weight');
  if (bias !== null) checkParameter(tape, bias, [outC], label, 'bias');
  const window = { kernel: [kernelH, kernelW] as const, stride: readPair(stride, label, 'stride'), pads: readPads(padding, label) };
  const spread = readPair(dilation, label, 'dilation');
  const [outH, outW] = windowSizes(window, spread, [height, width], label);
  return tape.record(
    { op: 'conv2d', inputs: [x], window, dilation: spread, groups, weight, bias, quantization: quantizationOf(tape, quantization, x, label) },
    [batch, outH, outW, outC],
  );
}
