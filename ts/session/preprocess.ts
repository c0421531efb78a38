/** From a picture of any size to what a network's preprocess block asks for (SPEC 5): integers only, so every host makes the same bytes. */
import { DyadicError } from '../errors.js';
import type { Preprocess } from '../integer/integer-graph.js';
import { pixelFloats, sourceByte } from './pixel-table.js';
import { resizeBilinear } from './resize.js';

/** Bytes in [height][width][channels] order. `ImageData` is one: without `channels` they are 4, r g b a. Alpha is ignored. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly channels?: 1 | 3 | 4;
}

/** Larger sides would leave the exact range of the fixed-point positions behind. */
const MAX_SIDE = 65536;

export function isPicture(value: unknown): value is Picture {
  return typeof value === 'object' && value !== null && 'width' in value && 'height' in value && 'data' in value;
}

/**
 * Resizes, cuts and orders a picture: [h][w][3] bytes in order r g b, or [h][w][1] gray, ready as the `pixels` input of a Program
 * (which turns them round for `bgr`). Throws ERR_IMAGE.
 */
export function preprocessPicture(picture: Picture, preprocess: Preprocess): Uint8Array {
  const channels = checkPicture(picture);
  const colours = channels === 1 ? 1 : 3;
  const target = fit(picture, preprocess);
  const resized = resizeBilinear({ data: picture.data, width: picture.width, height: picture.height, channels }, colours, target);
  return preprocess.channels === 'gray' ? toGray(resized, colours) : toColour(resized, colours);
}

/** The floats that those bytes mean, [c][h][w] in the network's channel order: what calibration feeds the float network. */
export function pixelsToFloats(pixels: Uint8Array, preprocess: Preprocess): Float32Array {
  const [height, width] = preprocess.size;
  const channels = preprocess.channels === 'gray' ? 1 : 3;
  const area = height * width;
  const floats = new Float32Array(channels * area);
  for (let c = 0; c < channels; c++) {
    const table = pixelFloats(preprocess, c);
    const source = sourceByte(preprocess.channels, c);
    for (let i = 0; i < area; i++) floats[c * area + i] = table[pixels[i * channels + source] as number] as number;
  }
  return floats;
}

function checkPicture({ width, height, data, channels = 4 }: Picture): number {
  const refuse = (argument: string, expected: string, received: unknown): DyadicError =>
    new DyadicError('ERR_IMAGE', { op: 'preprocess', argument, expected, received: String(received) });
  for (const [name, side] of [['width', width], ['height', height]] as const) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) throw refuse(name, `an integer from 1 to ${MAX_SIDE}`, side);
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) throw refuse('channels', '1, 3 or 4', channels);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) throw refuse('data', 'a Uint8Array or Uint8ClampedArray', Object.prototype.toString.call(data));
  const bytes = width * height * channels;
  if (data.length !== bytes) throw refuse('data', `${bytes} bytes for ${width} × ${height} × ${channels}`, data.length);
  return channels;
}

/** The size that the picture is resized to, and the window of it that is kept. */
export interface Fit {
  readonly height: number;
  readonly width: number;
  readonly top: number;
  readonly left: number;
  readonly keepHeight: number;
  readonly keepWidth: number;
}

/** SPEC 5.3. */
function fit({ width, height }: Picture, preprocess: Preprocess): Fit {
  const [h, w] = preprocess.size;
  if (preprocess.fit === 'stretch') return { height: h, width: w, top: 0, left: 0, keepHeight: h, keepWidth: w };
  const byHeight = h * width >= w * height;
  const resizedHeight = byHeight ? h : Math.max(h, scaled(height, w, width));
  const resizedWidth = byHeight ? Math.max(w, scaled(width, h, height)) : w;
  return {
    height: resizedHeight,
    width: resizedWidth,
    top: Math.floor((resizedHeight - h) / 2),
    left: Math.floor((resizedWidth - w) / 2),
    keepHeight: h,
    keepWidth: w,
  };
}

/** side · numerator / denominator rounded half up, in integers. */
function scaled(side: number, numerator: number, denominator: number): number {
  return Math.floor((2 * side * numerator + denominator) / (2 * denominator));
}

/** SPEC 5.1: (77·R + 150·G + 29·B + 128) >> 8. */
function toGray(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return pixels;
  const gray = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < gray.length; i++) {
    const [r, g, b] = [pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]] as [number, number, number];
    gray[i] = (77 * r + 150 * g + 29 * b + 128) >> 8;
  }
  return gray;
}

/** A gray picture has three equal colours. */
function toColour(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return pixels;
  const colour = new Uint8Array(pixels.length * 3);
  pixels.forEach((gray, i) => colour.fill(gray, 3 * i, 3 * i + 3));
  return colour;
}
