/** From bytes to what a network is trained on: (x/255 − mean)/std per channel. */
import { DyadicError } from '../../errors.js';
import { pixelFloat } from '../../session/pixel-table.js';
import type { Dataset, Normalization } from './dataset.js';

const BYTES = 256;
/** Counted in about two milliseconds. */
const TURN_BYTES = 2 ** 20;

/** f32 [channels][256]: what each byte becomes, by SPEC 5.1, so that the deployed network sees the same numbers. */
export function pixelTables({ mean, std }: Normalization): Float32Array {
  const tables = new Float32Array(mean.length * BYTES);
  for (let c = 0; c < mean.length; c++) for (let x = 0; x < BYTES; x++) tables[c * BYTES + x] = pixelFloat(x, mean[c] as number, std[c] as number);
  return tables;
}

/** Mean and standard deviation of each channel over all pictures; a channel that never changes has the deviation 1. Exact sums: the same on every host. */
export function measureNormalization(dataset: Dataset): Normalization {
  const measuring = normalizationInTurns(dataset);
  for (;;) {
    const { done, value } = measuring.next();
    if (done === true) return value;
  }
}

/** The same, a few milliseconds at a time. */
export function* normalizationInTurns({ images, shape }: Dataset): Generator<void, Normalization, void> {
  const channels = shape[2];
  const counts = new Float64Array(channels * BYTES);
  const turn = Math.ceil(TURN_BYTES / channels) * channels;
  for (let begin = 0; begin < images.length; begin += turn) {
    const end = Math.min(begin + turn, images.length);
    for (let c = 0; c < channels; c++) for (let i = begin + c; i < end; i += channels) counts[c * BYTES + (images[i] as number)]!++;
    yield;
  }
  const measured = Array.from({ length: channels }, (_, c) => meanAndDeviation(counts.subarray(c * BYTES, (c + 1) * BYTES)));
  return { mean: measured.map(({ mean }) => mean / 255), std: measured.map(({ deviation }) => (deviation === 0 ? 1 : deviation / 255)) };
}

/** Of as many of each byte. */
function meanAndDeviation(counts: Float64Array): { mean: number; deviation: number } {
  let [count, sum, squares] = [0, 0, 0];
  counts.forEach((times, byte) => {
    count += times;
    sum += times * byte;
    squares += times * byte * byte;
  });
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
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
