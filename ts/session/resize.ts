/** SPEC 5.2: bilinear, half-pixel centres, no anti-aliasing, fixed point with 11 bits. */
import type { Fit } from './preprocess.js';

const ONE = 2048;

export interface PixelSource {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Bytes from one pixel to the next. */
  readonly channels: number;
}

/** The two source positions of each output position and the weight of the second, in 1/2048. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Int32Array;
}

function taps(inSize: number, outSize: number, from: number, count: number): Taps {
  const [first, second, weight] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  for (let i = 0; i < count; i++) {
    const centre = Math.floor(((2 * (from + i) + 1) * inSize * (ONE / 2)) / outSize) - ONE / 2;
    const position = Math.min(Math.max(centre, 0), (inSize - 1) * ONE);
    first[i] = position >> 11;
    second[i] = Math.min((position >> 11) + 1, inSize - 1);
    weight[i] = position & (ONE - 1);
  }
  return { first, second, weight };
}

/** The kept window of the resized picture, [keepHeight][keepWidth][colours]: the first `colours` bytes of each pixel. */
export function resizeBilinear(source: PixelSource, colours: number, fit: Fit): Uint8Array {
  const { data, width, channels } = source;
  const { keepHeight, keepWidth } = fit;
  const ys = taps(source.height, fit.height, fit.top, keepHeight);
  const xs = taps(width, fit.width, fit.left, keepWidth);
  const result = new Uint8Array(keepHeight * keepWidth * colours);
  let out = 0;
  for (let y = 0; y < keepHeight; y++) {
    const upper = (ys.first[y] as number) * width;
    const lower = (ys.second[y] as number) * width;
    const fy = ys.weight[y] as number;
    for (let x = 0; x < keepWidth; x++) {
      const [x0, x1, fx] = [xs.first[x], xs.second[x], xs.weight[x]] as [number, number, number];
      for (let c = 0; c < colours; c++) {
        const a = data[(upper + x0) * channels + c] as number;
        const b = data[(upper + x1) * channels + c] as number;
        const d = data[(lower + x0) * channels + c] as number;
        const e = data[(lower + x1) * channels + c] as number;
        const sum = (ONE - fy) * ((ONE - fx) * a + fx * b) + fy * ((ONE - fx) * d + fx * e);
        result[out++] = (sum + 2 ** 21) >> 22;
      }
    }
  }
  return result;
}
