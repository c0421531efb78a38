/** Conv, MaxPool and AveragePool: windows over NCHW. */
import { at } from '../assembler.js';
import { boundFields, type FloatContext, type NodeOf } from './context.js';

type Image = readonly [number, number, number, number];

export function lowerConv(context: FloatContext, node: NodeOf<'Conv'>): void {
  const input = context.input(node);
  const bias = context.optional(node, 2);
  const output = context.output(node);
  const [batch, inC, inH, inW] = input.shape as Image;
  const [, outC, outH, outW] = output.shape as Image;
  const { kernel, stride, pads, dilation, groups } = node.attributes;
  context.assembler.step('conv_f32', {
    inputOffset: at(input.buffer),
    weightsOffset: at(context.input(node, 1).buffer),
    biasOffset: bias === null ? 0 : at(bias.buffer),
    outputOffset: at(output.buffer),
    batch,
    inC,
    inH,
    inW,
    outC,
    outH,
    outW,
    kernelH: kernel[0],
    kernelW: kernel[1],
    strideH: stride[0],
    strideW: stride[1],
    padTop: pads[0],
    padLeft: pads[1],
    dilationH: dilation[0],
    dilationW: dilation[1],
    groups,
    ...boundFields(node.bounds),
  });
}

const MAX_MODE = 0;
const AVERAGE_MODE = 1;

export function lowerPool(context: FloatContext, node: NodeOf<'MaxPool'> | NodeOf<'AveragePool'>): void {
  const input = context.input(node);
  const output = context.output(node);
  const [batch, channels, inH, inW] = input.shape as Image;
  const [, , outH, outW] = output.shape as Image;
  const { kernel, stride, pads, dilation, countIncludePad } = node.attributes;
  context.assembler.step('pool_f32', {
    inputOffset: at(input.buffer),
    outputOffset: at(output.buffer),
    mode: node.op === 'MaxPool' ? MAX_MODE : AVERAGE_MODE,
    planes: batch * channels,
    inH,
    inW,
    outH,
    outW,
    kernelH: kernel[0],
    kernelW: kernel[1],
    strideH: stride[0],
    strideW: stride[1],
    padTop: pads[0],
    padLeft: pads[1],
    padBottom: pads[2],
    padRight: pads[3],
    dilationH: dilation[0],
    dilationW: dilation[1],
    countIncludePad: countIncludePad ? 1 : 0,
  });
}
