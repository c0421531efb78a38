/** The sizes of a convolution as every kernel takes them; a linear layer is 1 × 1 on a picture of one row. */
import type { NodeOf } from '../fuse.js';
import type { Value } from '../../tape/node.js';

export interface ConvGeometry {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outH: number;
  readonly outW: number;
  readonly outC: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
}

export type LayerNode = NodeOf<'conv2d'> | NodeOf<'linear'>;

export function geometryOf(node: LayerNode): ConvGeometry {
  return node.op === 'linear' ? linearGeometry(node) : convGeometry(node);
}

function convGeometry({ inputs, output, window, dilation, groups }: NodeOf<'conv2d'>): ConvGeometry {
  const [batch, inH, inW, inC] = (inputs[0] as Value).shape as [number, number, number, number];
  const [, outH, outW, outC] = output.shape as [number, number, number, number];
  const [kernelH, kernelW] = window.kernel;
  const [strideH, strideW] = window.stride;
  const [padTop, padLeft] = window.pads;
  const [dilationH, dilationW] = dilation;
  return { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups };
}

function linearGeometry({ inputs, output }: NodeOf<'linear'>): ConvGeometry {
  const [inW, inC] = (inputs[0] as Value).shape as [number, number];
  const outC = output.shape[1] as number;
  const unit = { kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, dilationH: 1, dilationW: 1, groups: 1 };
  return { batch: 1, inH: 1, inW, inC, outH: 1, outW: inW, outC, ...unit };
}

/** Of the convolution that takes the output's gradient to the input's, on flipped and transposed weights; its input has `strideH` − 1 zeros between pixels. */
export function transposedGeometry(forward: ConvGeometry): ConvGeometry {
  const { inH, inW, inC, outH, outW, outC, kernelH, kernelW, padTop, padLeft, dilationH, dilationW } = forward;
  return {
    ...forward,
    inH: outH,
    inW: outW,
    inC: outC,
    outH: inH,
    outW: inW,
    outC: inC,
    strideH: 1,
    strideW: 1,
    padTop: dilationH * (kernelH - 1) - padTop,
    padLeft: dilationW * (kernelW - 1) - padLeft,
  };
}

export function outPixels({ batch, outH, outW }: ConvGeometry): number {
  return batch * outH * outW;
}

export function inPixels({ batch, inH, inW }: ConvGeometry): number {
  return batch * inH * inW;
}

export function weightCount({ outC, inC, groups, kernelH, kernelW }: ConvGeometry): number {
  return (outC * inC * kernelH * kernelW) / groups;
}
