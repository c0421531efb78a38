/** SPEC 5.1: what a byte of a picture becomes, per channel. */
import { quantizeFloat } from '../graph/quantize-float.js';
import type { CodeDtype, Pair, Preprocess } from '../integer/integer-graph.js';

const BYTES = 256;

/** The float that byte p of network channel c stands for: (f32(p) · f32(1/255) − mean) · (1/std). */
export function pixelFloat(p: number, mean: number, std: number): number {
  const unit = Math.fround(p * Math.fround(1 / 255));
  return Math.fround(Math.fround(unit - Math.fround(mean)) * Math.fround(1 / Math.fround(std)));
}

/** The 256 floats of one network channel. */
export function pixelFloats(preprocess: Preprocess, channel: number): Float32Array {
  const mean = preprocess.mean[channel] ?? 0;
  const std = preprocess.std[channel] ?? 1;
  const floats = new Float32Array(BYTES);
  for (let p = 0; p < BYTES; p++) floats[p] = pixelFloat(p, mean, std);
  return floats;
}

/** Bytes of {@link pixelCodes}. */
export function pixelTableBytes(channels: number): number {
  return channels * BYTES;
}

/** The tables of all network channels, 256 codes each as bytes, for lookup_pixels. */
export function pixelCodes(preprocess: Preprocess, channels: number, value: { readonly scale: number; readonly zeroPoint: number; readonly range: Pair }): Uint8Array {
  const tables = new Uint8Array(pixelTableBytes(channels));
  for (let c = 0; c < channels; c++) {
    const floats = pixelFloats(preprocess, c);
    for (let p = 0; p < BYTES; p++) tables[c * BYTES + p] = quantizeFloat(floats[p] as number, value.scale, value.zeroPoint, value.range) & 0xff;
  }
  return tables;
}

/** Codes of these types are bytes, so a table can make them. */
export function hasByteCodes(dtype: CodeDtype): boolean {
  return dtype !== 'i16';
}

/** Which byte of a pixel in file order (r, g, b) feeds network channel c. */
export function sourceByte(channels: Preprocess['channels'], c: number): number {
  return channels === 'bgr' ? 2 - c : c;
}
