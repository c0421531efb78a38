/** What Conv and the pools share: kernel_shape, strides, pads, dilations, auto_pad, ceil_mode. */
import { effectiveKernel, windowCount, windowCountCeil } from '../../graph/pool-window.js';
import { showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';
import { overTwoAxes, pictureShape } from './single-axis.js';

type Pair = readonly [number, number];
type Quad = readonly [number, number, number, number];

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pads: Quad;
  readonly dilation: Pair;
  /** Output [h, w]. */
  readonly outputSize: Pair;
}

/**
 * Reads the attributes for the spatial axes [h, w] of the first input, or for [w] alone, then as those of a picture of one row. `kernel` is the
 * weight's, where there is one. ceil_mode adds a window that runs past the padding: outputSize says so, pads stay as they are.
 */
export function readWindow(node: NodeContext, kernel?: Pair): Window {
  const { attributes } = node;
  const isSingle = node.shape(0).length === 3;
  const read = (name: string, row: number) => (isSingle ? overTwoAxes(attributes.ints(name), row) : attributes.ints(name));
  const kernelShape = read('kernel_shape', 1);
  const lists = { strides: read('strides', 1), dilations: read('dilations', 1), pads: read('pads', 0) };
  const autoPad = attributes.string('auto_pad', 'NOTSET');
  const ceil = attributes.int('ceil_mode', 0) !== 0;
  const x = pictureShape(node.shape(0));
  if (x.length !== 4) node.refuse(`${x.length - 2} spatial axes (input ${showShape(x)}); 1 and 2 are supported`);
  if (kernel !== undefined && kernelShape !== undefined && (kernelShape[0] !== kernel[0] || kernelShape[1] !== kernel[1] || kernelShape.length !== 2)) {
    throw node.invalid('kernel_shape', showShape(kernel), showShape(kernelShape));
  }
  const size: Pair = [x[2]!, x[3]!];
  const pair = (list: readonly number[] | undefined, name: string): Pair => positivePair(node, list ?? [1, 1], name);
  const base = { kernel: kernel ?? positivePair(node, kernelShape ?? [], 'kernel_shape'), stride: pair(lists.strides, 'strides'), dilation: pair(lists.dilations, 'dilations') };
  const pads = resolvePads(node, autoPad, lists.pads, size, base);
  const count = ceil && autoPad !== 'VALID' ? windowCountCeil : windowCount;
  const along = (axis: 0 | 1) => count(size[axis], pads[axis], pads[axis === 0 ? 2 : 3], base.kernel[axis], base.stride[axis], base.dilation[axis]);
  return { ...base, pads, outputSize: [along(0), along(1)] };
}

function positivePair(node: NodeContext, list: readonly number[], name: string): Pair {
  if (list.length !== 2 || list.some((v) => v < 1 || v > 2 ** 24)) throw node.invalid(name, 'two integers of 1 or more', showShape(list));
  return [list[0]!, list[1]!];
}

function resolvePads(node: NodeContext, autoPad: string, pads: readonly number[] | undefined, size: Pair, window: Pick<Window, 'kernel' | 'stride' | 'dilation'>): Quad {
  if (autoPad === 'NOTSET' || autoPad === '') {
    const list = pads ?? [0, 0, 0, 0];
    if (list.length !== 4 || list.some((v) => v < 0 || v > 2 ** 24)) throw node.invalid('pads', 'four integers of 0 or more', showShape(list));
    return [list[0]!, list[1]!, list[2]!, list[3]!];
  }
  if (autoPad === 'VALID') return [0, 0, 0, 0];
  if (autoPad !== 'SAME_UPPER' && autoPad !== 'SAME_LOWER') throw node.invalid('auto_pad', 'NOTSET, SAME_UPPER, SAME_LOWER or VALID', autoPad);
  const split = (axis: 0 | 1): Pair => {
    const count = Math.ceil(size[axis] / window.stride[axis]);
    const total = Math.max((count - 1) * window.stride[axis] + effectiveKernel(window.kernel[axis], window.dilation[axis]) - size[axis], 0);
    const small = Math.floor(total / 2);
    return autoPad === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
  };
  const [top, bottom] = split(0);
  const [left, right] = split(1);
  return [top, left, bottom, right];
}
