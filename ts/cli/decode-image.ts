/** JPEG and PNG files to bytes, for the command line only: the library takes pixels and never decodes. */
import { decode as decodePng, hasPngSignature, type DecodedPng } from 'fast-png';
import jpeg from 'jpeg-js';
import { DyadicError } from '../errors.js';

/** A picture as rows of R, G, B bytes. Gray pictures have three equal bytes; transparency is dropped, as most image loaders do. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** [height][width][3] */
  readonly data: Uint8Array;
}

/** Refused before decoding: nothing a classifier is fed is larger, and a small damaged file can claim any size. */
const MAX_MEGAPIXELS = 100;

/**
 * Decodes a JPEG or PNG file by its first bytes, whatever its name says. EXIF orientation is not applied.
 * @param name what to call the picture in errors
 * @throws DyadicError ERR_IMAGE
 */
export function decodeImage(bytes: Uint8Array, name: string): DecodedImage {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes);
    if (hasPngSignature(bytes)) {
      refuseHugePng(bytes);
      return rgbFromPng(decodePng(bytes, { checkCrc: true }));
    }
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/:\s*$/, '');
    throw new DyadicError('ERR_IMAGE', { op: 'decodeImage', argument: name, expected: 'an undamaged picture', received: reason, cause: error });
  }
  const received = bytes.length === 0 ? 'an empty file' : `a file that starts with bytes ${hex(bytes.subarray(0, 4))}`;
  throw new DyadicError('ERR_IMAGE', { op: 'decodeImage', argument: name, expected: 'a JPEG or PNG file', received });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function decodeJpeg(bytes: Uint8Array): DecodedImage {
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_MEGAPIXELS,
    maxMemoryUsageInMB: 1024,
  });
  return { width, height, data };
}

/** The size stands at bytes 16 to 23, in the IHDR chunk that every PNG starts with. */
function refuseHugePng(bytes: Uint8Array): void {
  if (bytes.length < 24) throw new Error('the file ends before its size');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  if (width === 0 || height === 0) throw new Error(`a size of ${width}×${height}`);
  if (width * height > MAX_MEGAPIXELS * 1e6) throw new Error(`${width}×${height}, over ${MAX_MEGAPIXELS} megapixels`);
}

function rgbFromPng(png: DecodedPng): DecodedImage {
  const { width, height, channels, palette } = png;
  const data = new Uint8Array(width * height * 3);
  const row = new Uint8Array(width * channels);
  for (let y = 0; y < height; y++) {
    readRow(png, y, row);
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * 3;
      if (palette !== undefined) {
        const colour = palette[row[x]!];
        if (colour === undefined) throw new Error(`palette entry ${row[x]} of ${palette.length}`);
        data.set(colour.slice(0, 3), to);
      } else if (channels >= 3) {
        for (let c = 0; c < 3; c++) data[to + c] = row[x * channels + c]!;
      } else {
        data.fill(row[x * channels]!, to, to + 3);
      }
    }
  }
  return { width, height, data };
}

/** Row y as bytes: palette indices as they are, samples of 1, 2, 4 and 16 bits scaled to 0..255. */
function readRow({ data, depth, channels, width, palette }: DecodedPng, y: number, row: Uint8Array): void {
  const count = width * channels;
  if (depth === 8 || depth === 16) {
    const from = y * count;
    if (data.length < from + count) throw new Error(`the pixels end in row ${y}`);
    for (let i = 0; i < count; i++) row[i] = depth === 8 ? data[from + i]! : Math.round(data[from + i]! / 257);
    return;
  }
  const from = y * Math.ceil((count * depth) / 8);
  if (data.length < from + Math.ceil((count * depth) / 8)) throw new Error(`the pixels end in row ${y}`);
  const highest = (1 << depth) - 1;
  const scale = palette === undefined ? 255 / highest : 1;
  for (let i = 0; i < count; i++) {
    const bit = i * depth;
    const sample = (data[from + (bit >> 3)]! >> (8 - depth - (bit & 7))) & highest;
    row[i] = sample * scale;
  }
}
