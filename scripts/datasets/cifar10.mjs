// CIFAR-10 as it lies in ../shared/data: brotli over labels and residuals of a median edge predictor.
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;

/** The prediction from left, above and above-left: the smaller, the larger, or the plane through all three. */
function predict(left, above, corner) {
  const high = Math.max(left, above);
  const low = Math.min(left, above);
  if (corner >= high) return low;
  return corner <= low ? high : left + above - corner;
}

/** Undoes the prediction of one 32×32 plane. */
function decodePlane(residuals, offset, plane) {
  for (let y = 0, k = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, k++) {
      const left = x > 0 ? plane[k - 1] : y > 0 ? plane[k - SIDE] : 0;
      const above = y > 0 ? plane[k - SIDE] : left;
      const corner = x > 0 && y > 0 ? plane[k - SIDE - 1] : x > 0 ? left : above;
      plane[k] = (residuals[offset + k] + predict(left, above, corner)) & 255;
    }
  }
}

/** Reads `limit` images: { labels, pixels }, pixels [image][3][32][32] in the order R, G, B. */
export function readCifar10(path, limit = Infinity) {
  const data = brotliDecompressSync(readFileSync(path));
  const stored = data.length / RECORD;
  const count = Math.min(stored, limit);
  const pixels = new Uint8Array(count * 3 * PLANE);
  const [green, redLessGreen, blueLessGreen] = [new Uint8Array(PLANE), new Uint8Array(PLANE), new Uint8Array(PLANE)];
  for (let i = 0; i < count; i++) {
    [green, redLessGreen, blueLessGreen].forEach((plane, c) => decodePlane(data, stored + (c * stored + i) * PLANE, plane));
    const base = i * 3 * PLANE;
    for (let k = 0; k < PLANE; k++) {
      pixels[base + k] = redLessGreen[k] + green[k];
      pixels[base + PLANE + k] = green[k];
      pixels[base + 2 * PLANE + k] = blueLessGreen[k] + green[k];
    }
  }
  return { count, labels: data.subarray(0, count), pixels };
}

/** One image as bytes [32][32][3]. */
export function cifarImage({ pixels }, index) {
  const bytes = new Uint8Array(3 * PLANE);
  for (let c = 0; c < 3; c++) for (let k = 0; k < PLANE; k++) bytes[k * 3 + c] = pixels[(index * 3 + c) * PLANE + k];
  return bytes;
}
