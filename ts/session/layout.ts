/** How a value lies in memory: the one place that decides it (DESIGN §3.4). */
import { elementCount, rowMajorStrides } from '../graph/shape.js';
import type { CodeDtype } from '../integer/integer-graph.js';
import { Container } from '../wasm/params.js';

export interface Layout {
  /** ONNX axes. */
  readonly shape: readonly number[];
  /** How one code is stored; f32 buffers have elementBytes 4 and none. */
  readonly container: Container | null;
  readonly elementBytes: 1 | 2 | 4;
  /** Elements between neighbours along each axis of `shape`. */
  readonly strides: readonly number[];
  /** Stored elements, pad channels included. */
  readonly elements: number;
}

export function containerOf(dtype: CodeDtype): Container {
  if (dtype === 'i16') return Container.i16;
  return dtype === 'i8' ? Container.i8 : Container.u8;
}

export function elementBytesOf(container: Container): 1 | 2 {
  return container === Container.i16 ? 2 : 1;
}

/** C ≤ 4 takes 4 elements per pixel, more a multiple of 16: whole vectors, and a picture's pixel in one word. */
export function channelStride(channels: number): number {
  return channels <= 4 ? 4 : Math.ceil(channels / 16) * 16;
}

/** Codes as the kernels want them: rank 4 is [N, C, H, W] stored NHWC with padded channels, every other rank row-major. */
export function activationLayout(shape: readonly number[], container: Container): Layout {
  if (shape.length !== 4) return rowMajorLayout(shape, container);
  const [n, c, h, w] = shape as [number, number, number, number];
  const pixel = channelStride(c);
  return { shape, container, elementBytes: elementBytesOf(container), strides: [h * w * pixel, 1, w * pixel, pixel], elements: n * h * w * pixel };
}

/** Dense codes in ONNX axes. */
export function rowMajorLayout(shape: readonly number[], container: Container): Layout {
  return { shape, container, elementBytes: elementBytesOf(container), strides: rowMajorStrides(shape), elements: elementCount(shape) };
}

/** Dense floats in ONNX axes. */
export function floatLayout(shape: readonly number[]): Layout {
  return { shape, container: null, elementBytes: 4, strides: rowMajorStrides(shape), elements: elementCount(shape) };
}

/** Whether the stored elements are exactly the logical ones in row-major order. */
export function isRowMajor(layout: Layout): boolean {
  const strides = rowMajorStrides(layout.shape);
  return (
    layout.elements === elementCount(layout.shape) &&
    layout.shape.every((dimension, axis) => dimension <= 1 || layout.strides[axis] === strides[axis])
  );
}

/** Offset of the stored element of every logical one, in row-major order: calls `visit(offset, index)`. */
export function forEachElement(layout: Layout, visit: (offset: number, index: number) => void): void {
  const { shape, strides } = layout;
  const count = elementCount(shape);
  const position = new Array<number>(shape.length).fill(0);
  let offset = 0;
  for (let index = 0; index < count; index++) {
    visit(offset, index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis] as number;
      position[axis] = (position[axis] as number) + 1;
      if ((position[axis] as number) < (shape[axis] as number)) break;
      offset -= (shape[axis] as number) * (strides[axis] as number);
      position[axis] = 0;
    }
  }
}
