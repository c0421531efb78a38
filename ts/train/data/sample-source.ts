/** Samples by their number, whatever they are stored as. */
import { IN_PLACE, type Placement } from './augment.js';
import type { Dataset, Normalization } from './dataset.js';
import { pixelTables } from './normalization.js';

/** Samples in memory that are f32 already: pictures or vectors. Nothing is normalised. */
export interface FloatData {
  /** [count][...shape] */
  readonly inputs: Float32Array;
  /** [count], 0 to classes − 1 */
  readonly labels: Int32Array | readonly number[];
  /** Of one sample: [height, width, channels] or [features]. */
  readonly shape: readonly number[];
}

export interface SampleSource {
  readonly count: number;
  readonly shape: readonly number[];
  readonly labels: Int32Array;
  /** Writes sample `index` as f32 at `offset` of `target`. */
  write(index: number, placement: Placement, target: Float32Array, offset: number): void;
}

export function pictureSource(dataset: Dataset, normalization: Normalization): SampleSource {
  const { count, shape, images, labels } = dataset;
  const [height, width, channels] = shape;
  const tables = pixelTables(normalization);
  const sampleSize = height * width * channels;
  const convert = (from: number, to: number, pixels: number, target: Float32Array): void => {
    for (let p = 0; p < pixels; p++) for (let c = 0; c < channels; c++) target[to + p * channels + c] = tables[c * 256 + (images[from + p * channels + c] as number)] as number;
  };
  const outside = Float32Array.from({ length: channels }, (_, c) => tables[c * 256] as number);
  return {
    count,
    shape,
    labels,
    write(index, placement, target, offset) {
      if (placement === IN_PLACE) convert(index * sampleSize, offset, height * width, target);
      else place(shape, placement, (from, to) => convert(index * sampleSize + from, offset + to, 1, target), (to) => target.set(outside, offset + to));
    },
  };
}

export function floatSource({ inputs, labels, shape }: FloatData): SampleSource {
  const sampleSize = shape.reduce((product, size) => product * size, 1);
  return {
    count: labels.length,
    shape,
    labels: Int32Array.from(labels),
    write(index, placement, target, offset) {
      const sample = inputs.subarray(index * sampleSize, (index + 1) * sampleSize);
      if (placement === IN_PLACE) {
        target.set(sample, offset);
        return;
      }
      const channels = shape[2] as number;
      place(shape, placement, (from, to) => target.set(sample.subarray(from, from + channels), offset + to), (to) => target.fill(0, offset + to, offset + to + channels));
    },
  };
}

/** Calls `inside` with the places of a pixel in the sample and in the target, or `outside` where the pixel comes from the border. */
function place(shape: readonly number[], { top, left, isFlipped }: Placement, inside: (from: number, to: number) => void, outside: (to: number) => void): void {
  const [height, width, channels] = shape as readonly [number, number, number];
  for (let y = 0; y < height; y++) {
    const sourceY = y + top;
    for (let x = 0; x < width; x++) {
      const sourceX = (isFlipped ? width - 1 - x : x) + left;
      const to = (y * width + x) * channels;
      if (sourceY >= 0 && sourceY < height && sourceX >= 0 && sourceX < width) inside((sourceY * width + sourceX) * channels, to);
      else outside(to);
    }
  }
}
