import type { Preprocess } from '../../integer/integer-graph.js';
import type { Normalization } from '../data/dataset.js';
import { isDataset, openData, type TrainingData } from '../data/open-data.js';
import type { Seed } from '../random/random-stream.js';

export interface CalibrationRequest {
  readonly count: number;
  readonly seed: Seed;
  readonly normalization: Normalization | undefined;
}

/** Up to `count` samples of the training data, drawn by the seed and unchanged by augmentation, as the deployed network sees them: [channels][height][width]. Throws as fit() does. */
export async function calibrationSamples(data: TrainingData, { count, seed, normalization }: CalibrationRequest): Promise<Float32Array[]> {
  const available = isDataset(data) ? data.count : 'batches' in data ? count : data.labels.length;
  const batch = Math.min(count, Math.max(1, available));
  const opened = openData(data, { batch, seed, augmentation: {}, normalization, isTraining: true, dropLast: false }, 'compile');
  const samples: Float32Array[] = [];
  for await (const { inputs, size } of opened.batches(0, 0)) {
    const length = inputs.length / size;
    for (let i = 0; i < size && samples.length < count; i++) samples.push(channelsFirst(inputs.subarray(i * length, (i + 1) * length), opened.shape));
    if (samples.length >= count) break;
  }
  return samples;
}

/** [height][width][channels] → [channels][height][width]; vectors stay. */
export function channelsFirst(sample: Float32Array, shape: readonly number[]): Float32Array {
  const channels = shape.length === 3 ? shape[2]! : 1;
  if (channels === 1) return sample.slice();
  const pixels = sample.length / channels;
  const moved = new Float32Array(sample.length);
  for (let p = 0; p < pixels; p++) for (let c = 0; c < channels; c++) moved[c * pixels + p] = sample[p * channels + c]!;
  return moved;
}

/** The preprocess block (SPEC 6.4) with which the deployed network takes pictures; null for data that are none, or of other than 1 or 3 channels. */
export function preprocessOf(data: TrainingData, normalization: Normalization | undefined): Preprocess | null {
  if (!isDataset(data) || normalization === undefined) return null;
  const [height, width, channels] = data.shape;
  if (channels !== 1 && channels !== 3) return null;
  return { size: [height, width], fit: 'crop', channels: channels === 1 ? 'gray' : 'rgb', mean: normalization.mean, std: normalization.std, labels: data.classNames ?? null };
}
