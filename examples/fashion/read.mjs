/** Reads the example's pictures with nothing but Node. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** How a picture becomes the network's input; the numbers of make.py. */
export const PREPROCESS = { size: [28, 28], fit: 'crop', channels: 'gray', mean: [0.286], std: [0.353], labels: labels() };

function labels() {
  return readFileSync(new URL('labels.txt', import.meta.url), 'utf8').trim().split('\n');
}

/**
 * @param {'train' | 'test' | 'calibration'} part
 * @returns {{ images: Uint8Array[], labels: Uint8Array }} pictures of 28×28 bytes, and the class of each
 */
export function readFashion(part) {
  const { shape, data } = readIdx(`${part}-images-idx3-ubyte.gz`);
  const [count, height, width] = shape;
  const size = height * width;
  const images = Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
  return { images, labels: readIdx(`${part}-labels-idx1-ubyte.gz`).data };
}

/** The same as a Dataset of dyadic/train. @param {'train' | 'test'} part */
export function fashionDataset(part) {
  const { shape, data } = readIdx(`${part}-images-idx3-ubyte.gz`);
  const labels = Int32Array.from(readIdx(`${part}-labels-idx1-ubyte.gz`).data);
  return { name: `Fashion-MNIST, ${part}`, count: shape[0], shape: [28, 28, 1], images: data, labels, classes: 10, classNames: PREPROCESS.labels };
}

/** idx: two zero bytes, type 8 = bytes, the rank, the sizes as big-endian 32-bit numbers, then the data. */
function readIdx(name) {
  const file = gunzipSync(readFileSync(new URL(name, import.meta.url)));
  const shape = Array.from({ length: file[3] }, (_, axis) => file.readUInt32BE(4 + 4 * axis));
  return { shape, data: new Uint8Array(file.buffer, file.byteOffset + 4 + 4 * shape.length, shape.reduce((a, b) => a * b, 1)) };
}

/** A picture as the network's input, in the steps of SPEC 5.1, so that float and integer networks see the same numbers. */
export function normalise(pixels) {
  const f32 = Math.fround;
  const mean = f32(PREPROCESS.mean[0]);
  const factor = f32(1 / f32(PREPROCESS.std[0]));
  return Float32Array.from(pixels, (pixel) => f32(f32(f32(pixel * f32(1 / 255)) - mean) * factor));
}
