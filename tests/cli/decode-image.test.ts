/** Pictures in every colour type and depth, and damaged ones. */
import { encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { deflateSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage } from '../../ts/cli/decode-image.js';
import { DyadicError } from '../../ts/errors.js';

/** The refusal as "CODE: message". */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.instance(error, DyadicError);
    return `${(error as DyadicError).code}: ${(error as DyadicError).message}`;
  }
  return 'no error';
}

/** A PNG by hand, since the encoder of fast-png makes no 1, 2 or 4 bit pictures. Rows hold packed samples. */
function png(width: number, height: number, depth: number, colourType: number, rows: readonly (readonly number[])[], palette?: readonly number[]): Uint8Array {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([depth, colourType, 0, 0, 0], 8);
  const data = deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])));
  const chunks = [chunk('IHDR', size), ...(palette ? [chunk('PLTE', Buffer.from(palette))] : []), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const gray = (...values: number[]): number[] => values.flatMap((value) => [value, value, value]);

test('PNG: RGB stays as it is, alpha is dropped', () => {
  const rgb = [1, 2, 3, 4, 5, 6];
  const opaque = decodeImage(encodePng({ width: 2, height: 1, channels: 3, depth: 8, data: Uint8Array.from(rgb) }), 'a.png');
  assert.equal({ ...opaque, data: [...opaque.data] }, { width: 2, height: 1, data: rgb });
  const alpha = encodePng({ width: 2, height: 1, channels: 4, depth: 8, data: Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 128) });
  assert.equal([...decodeImage(alpha, 'a.png').data], rgb);
});

test('PNG: gray, gray with alpha, 16 bits', () => {
  const one = encodePng({ width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(7, 200) });
  assert.equal([...decodeImage(one, 'a.png').data], gray(7, 200));
  const two = encodePng({ width: 2, height: 1, channels: 2, depth: 8, data: Uint8Array.of(7, 0, 200, 255) });
  assert.equal([...decodeImage(two, 'a.png').data], gray(7, 200));
  const deep = encodePng({ width: 3, height: 1, channels: 1, depth: 16, data: Uint16Array.of(0, 257 * 5 + 100, 65535) });
  assert.equal([...decodeImage(deep, 'a.png').data], gray(0, 5, 255));
});

test('PNG: 1, 2 and 4 bits, rows that end inside a byte', () => {
  assert.equal([...decodeImage(png(3, 2, 1, 0, [[0b10100000], [0b01000000]]), 'a.png').data], gray(255, 0, 255, 0, 255, 0));
  assert.equal([...decodeImage(png(3, 1, 2, 0, [[0b00011011]]), 'a.png').data], gray(0, 85, 170));
  assert.equal([...decodeImage(png(3, 1, 4, 0, [[0x0f, 0x80]]), 'a.png').data], gray(0, 255, 136));
});

test('PNG: palettes of 2 and 8 bits', () => {
  const palette = [10, 20, 30, 40, 50, 60, 70, 80, 90];
  assert.equal([...decodeImage(png(3, 1, 2, 3, [[0b10000100]], palette), 'a.png').data], [70, 80, 90, 10, 20, 30, 40, 50, 60]);
  assert.equal([...decodeImage(png(2, 1, 8, 3, [[1, 0]], palette), 'a.png').data], [40, 50, 60, 10, 20, 30]);
});

test('JPEG: colours within what compression loses', () => {
  const flat = new Uint8Array(16 * 16 * 4).map((_, i) => [200, 100, 50, 255][i % 4]!);
  const decoded = decodeImage(jpeg.encode({ width: 16, height: 16, data: flat }, 95).data, 'a.jpg');
  assert.is(decoded.data.length, 16 * 16 * 3);
  for (const [c, value] of [200, 100, 50].entries()) assert.ok(Math.abs(decoded.data[c]! - value) <= 3, `channel ${c}: ${decoded.data[c]}`);
});

test('refusals name the file and the reason, code ERR_IMAGE', () => {
  assert.is(refusal(() => decodeImage(new Uint8Array(0), 'empty.png')), 'ERR_IMAGE: decodeImage: "empty.png" expected a JPEG or PNG file, got an empty file');
  assert.is(refusal(() => decodeImage(Uint8Array.of(0x47, 0x49, 0x46, 0x38), 'x.png')), 'ERR_IMAGE: decodeImage: "x.png" expected a JPEG or PNG file, got a file that starts with bytes 47 49 46 38');
  assert.match(refusal(() => decodeImage(png(200_000, 200_000, 8, 0, [[1]]), 'huge.png')), /ERR_IMAGE: .*huge\.png.*100 megapixels/);
  assert.match(refusal(() => decodeImage(png(2, 1, 8, 3, [[1, 7]], [1, 2, 3, 4, 5, 6]), 'p.png')), /palette entry 7 of 2/);
});

test('every truncation of a PNG and a JPEG is refused or decoded, never another error', () => {
  const data = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) & 255);
  const rgba = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i * 37) & 255);
  for (const file of [encodePng({ width: 8, height: 8, channels: 3, depth: 8, data }), jpeg.encode({ width: 8, height: 8, data: rgba }, 90).data]) {
    for (let length = 0; length < file.length; length++) {
      const outcome = refusal(() => decodeImage(new Uint8Array(file.subarray(0, length)), 'cut'));
      assert.ok(outcome === 'no error' || outcome.startsWith('ERR_IMAGE: '), `cut at ${length}: ${outcome}`);
    }
  }
});

test.run();
