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

/**
 * The logical elements in row-major order, run by run: calls `visit(offset, index, length, stride)` for `length` elements from `index` on that are stored
 * from `offset` on, `stride` apart. Axes that run on into each other are one run, so an image comes as one run per channel.
 */
export function forEachRun({ shape, strides }: Layout, visit: (offset: number, index: number, length: number, stride: number) => void): void {
  const count = elementCount(shape);
  const axes = runAxes(shape, strides);
  const { size: length, stride } = axes.pop() ?? { size: 1, stride: 1 };
  const position = axes.map(() => 0);
  let offset = 0;
  for (let index = 0; index < count; index += length) {
    visit(offset, index, length, stride);
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { size, stride: step } = axes[axis] as Axis;
      offset += step;
      position[axis] = (position[axis] as number) + 1;
      if ((position[axis] as number) < size) break;
      offset -= size * step;
      position[axis] = 0;
    }
  }
}

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Axes without those of size 1, neighbours joined where one step of the outer is a whole turn of the inner. */
function runAxes(shape: readonly number[], strides: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, axis) => {
    const stride = strides[axis] as number;
    const outer = axes.at(-1);
    if (size === 1) return;
    if (outer?.stride === size * stride) axes[axes.length - 1] = { size: outer.size * size, stride };
    else axes.push({ size, stride });
  });
  return axes;
}
