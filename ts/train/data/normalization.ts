/** From bytes to what a network is trained on: (x/255 − mean)/std per channel. */
import { DyadicError } from '../../errors.js';
import { pixelFloat } from '../../session/pixel-table.js';
import type { Dataset, Normalization } from './dataset.js';

/** f32 [channels][256]: what each byte becomes, by SPEC 5.1, so that the deployed network sees the same numbers. */
export function pixelTables({ mean, std }: Normalization): Float32Array {
  const tables = new Float32Array(mean.length * 256);
  for (let c = 0; c < mean.length; c++) for (let x = 0; x < 256; x++) tables[c * 256 + x] = pixelFloat(x, mean[c] as number, std[c] as number);
  return tables;
}

/** Mean and standard deviation of each channel over all pictures; a channel that never changes has the deviation 1. Exact sums: the same on every host. */
export function measureNormalization({ images, shape }: Dataset): Normalization {
  const channels = shape[2];
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < images.length; i += channels) {
    for (let c = 0; c < channels; c++) {
      const x = images[i + c] as number;
      sums[c] = (sums[c] as number) + x;
      squares[c] = (squares[c] as number) + x * x;
    }
  }
  const count = images.length / channels;
  const means = Array.from(sums, (sum) => sum / count);
  const deviations = Array.from(squares, (square, c) => Math.sqrt(Math.max(0, square / count - (means[c] as number) * (means[c] as number))));
  return { mean: means.map((mean) => mean / 255), std: deviations.map((deviation) => (deviation === 0 ? 1 : deviation / 255)) };
}

/** Throws ERR_ARGUMENT. */
export function checkNormalization(normalization: Normalization, op: string): Normalization {
  const isList = (list: unknown): list is readonly number[] => Array.isArray(list) && list.length > 0 && list.every((value) => typeof value === 'number' && Number.isFinite(value));
  const { mean, std } = (normalization ?? {}) as Partial<Normalization>;
  const refuse = (argument: string, expected: string, received: unknown): DyadicError => new DyadicError('ERR_ARGUMENT', { op, argument, expected, received: String(received) });
  if (!isList(mean)) throw refuse('normalization.mean', 'one number per channel', mean);
  if (!isList(std) || std.length !== mean.length || std.some((value) => value < 1e-6)) throw refuse('normalization.std', `${mean.length} numbers, at least 1e-6`, std);
  return normalization;
}
