/** SPEC 5: tables, resizing and cutting, by hand-worked numbers and by a slow version in BigInt. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Preprocess } from '../../ts/integer/integer-graph.js';
import { quantizeFloat } from '../../ts/graph/quantize-float.js';
import { pixelCodes, pixelFloat } from '../../ts/session/pixel-table.js';
import { pixelsToFloats, preprocessPicture, type Picture } from '../../ts/session/preprocess.js';
import { errorOf } from '../engine/error-of.js';
import { Random } from '../parity/random.js';

const test = suite('preprocess');
const BASE: Preprocess = { size: [2, 2], fit: 'stretch', channels: 'rgb', mean: [0, 0, 0], std: [1, 1, 1], labels: null };

function randomPicture(random: Random, width: number, height: number, channels: 1 | 3 | 4): Picture {
  return { width, height, channels, data: Uint8Array.from({ length: width * height * channels }, () => random.integer(0, 255)) };
}

/** SPEC 5.2 word for word. */
function resizedExactly(picture: Picture, outHeight: number, outWidth: number, y: number, x: number, c: number): number {
  const tap = (size: number, out: number, i: number): { i0: number; i1: number; f: bigint } => {
    const raw = ((2n * BigInt(i) + 1n) * BigInt(size) * 1024n) / BigInt(out) - 1024n;
    const position = raw < 0n ? 0n : raw > BigInt(size - 1) * 2048n ? BigInt(size - 1) * 2048n : raw;
    const i0 = Number(position >> 11n);
    return { i0, i1: Math.min(i0 + 1, size - 1), f: position & 2047n };
  };
  const [v, h] = [tap(picture.height, outHeight, y), tap(picture.width, outWidth, x)];
  const at = (row: number, column: number): bigint => BigInt(picture.data[(row * picture.width + column) * (picture.channels ?? 4) + c] as number);
  const sum = (2048n - v.f) * ((2048n - h.f) * at(v.i0, h.i0) + h.f * at(v.i0, h.i1)) + v.f * ((2048n - h.f) * at(v.i1, h.i0) + h.f * at(v.i1, h.i1));
  return Number((sum + (1n << 21n)) >> 22n);
}

test('1.3: halves round to even, NaN and what lies outside is clamped', () => {
  const code = (x: number): number => quantizeFloat(x, 0.5, 10, [0, 20]);
  assert.equal([0.25, 0.75, 1.25, -0.25, -0.75, -1.25].map(code), [10, 12, 12, 10, 8, 8]);
  assert.equal([100, -100, Infinity, -Infinity, NaN].map(code), [20, 0, 20, 0, 10]);
});

test('5.1: every step of a table entry rounds to f32', () => {
  const [p, mean, std] = [200, 0.485, 0.229];
  const unit = Math.fround(p * Math.fround(1 / 255));
  assert.is(pixelFloat(p, mean, std), Math.fround(Math.fround(unit - Math.fround(mean)) * Math.fround(1 / Math.fround(std))));
  assert.ok(Math.abs(pixelFloat(p, mean, std) - (p / 255 - mean) / std) < 1e-5);
});

test('5.1: tables have the codes of their channel, as bytes', () => {
  const tables = pixelCodes({ ...BASE, mean: [0, 0.5, 0], std: [1, 1, 0.5] }, 3, { scale: Math.fround(1 / 128), zeroPoint: 0, range: [-128, 127] });
  assert.is(tables.length, 768);
  assert.equal([tables[0], tables[255]], [0, 127]);
  assert.equal([tables[256], tables[256 + 255]], [-64 & 0xff, 64]);
  assert.equal([tables[512 + 32], tables[512 + 255]], [32, 127]);
});

test('5.2: a picture of the right size is left as it is', () => {
  const picture = randomPicture(new Random(3), 2, 2, 3);
  assert.equal(preprocessPicture(picture, BASE), picture.data);
});

test('5.2: twice as wide by hand', () => {
  const picture: Picture = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 100) };
  const resized = preprocessPicture(picture, { ...BASE, size: [1, 4], channels: 'gray' });
  assert.equal([...resized], [0, 25, 75, 100]);
});

test('5.2: 30 random sizes equal the clause in BigInt', () => {
  const random = new Random(7);
  for (let trial = 0; trial < 30; trial++) {
    const channels = random.pick([3, 4] as const);
    const picture = randomPicture(random, random.integer(1, 19), random.integer(1, 19), channels);
    const [h, w] = [random.integer(1, 23), random.integer(1, 23)];
    const resized = preprocessPicture(picture, { ...BASE, size: [h, w] });
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) for (let c = 0; c < 3; c++) assert.is(resized[(y * w + x) * 3 + c], resizedExactly(picture, h, w, y, x, c));
  }
});

test('5.3: crop scales the tighter side and keeps the centre', () => {
  const random = new Random(11);
  const picture = randomPicture(random, 9, 4, 3);
  const cut = preprocessPicture(picture, { ...BASE, size: [8, 8], fit: 'crop' });
  // scale 2: 18 × 8, of which columns 5 to 12 stay.
  for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) assert.is(cut[(y * 8 + x) * 3], resizedExactly(picture, 8, 18, y, x + 5, 0));
  const tall = randomPicture(random, 3, 7, 3);
  // scale 2/3: 7 · 2/3 = 4.67, rounded half up to 5 rows, of which rows 1 and 2 stay.
  const short = preprocessPicture(tall, { ...BASE, size: [2, 2], fit: 'crop' });
  for (let y = 0; y < 2; y++) for (let x = 0; x < 2; x++) assert.is(short[(y * 2 + x) * 3 + 1], resizedExactly(tall, 5, 2, y + 1, x, 1));
});

test('gray from colour by 5.1, colour from gray by repetition, alpha is ignored', () => {
  const rgba: Picture = { width: 1, height: 1, data: Uint8ClampedArray.of(10, 200, 30, 7) };
  assert.equal([...preprocessPicture(rgba, { ...BASE, size: [1, 1], channels: 'gray' })], [(77 * 10 + 150 * 200 + 29 * 30 + 128) >> 8]);
  assert.equal([...preprocessPicture(rgba, { ...BASE, size: [1, 1] })], [10, 200, 30]);
  assert.equal([...preprocessPicture({ width: 1, height: 1, channels: 1, data: Uint8Array.of(9) }, { ...BASE, size: [1, 1] })], [9, 9, 9]);
});

test('floats are planes in the order of the network', () => {
  const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0);
  const rgb = pixelsToFloats(pixels, { ...BASE, size: [1, 2] });
  assert.equal([...rgb], [1, 0, 0, 1, 0, 0]);
  const bgr = pixelsToFloats(pixels, { ...BASE, size: [1, 2], channels: 'bgr' });
  assert.equal([...bgr], [0, 0, 0, 1, 1, 0]);
});

test('pictures that are none', async () => {
  const bad: unknown[] = [
    { width: 0, height: 1, data: new Uint8Array(0) },
    { width: 1.5, height: 1, data: new Uint8Array(6) },
    { width: 1, height: 100000, data: new Uint8Array(4) },
    { width: 1, height: 1, data: new Uint8Array(3) },
    { width: 1, height: 1, data: [1, 2, 3, 4] },
    { width: 1, height: 1, data: new Uint8Array(2), channels: 2 },
  ];
  for (const picture of bad) await errorOf('ERR_IMAGE', () => preprocessPicture(picture as Picture, BASE));
});

test.run();
