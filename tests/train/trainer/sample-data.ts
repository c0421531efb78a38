/** Small synthetic data, and what tests compare. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../../../ts/train/data/dataset.js';
import type { FloatData } from '../../../ts/train/data/sample-source.js';
import type { StateSnapshot } from '../../../ts/train/program/training-program.js';
import { RandomStream } from '../../../ts/train/random/random-stream.js';
import type { Trainer } from '../../../ts/train/trainer/trainer.js';
import { CLASSES, FEATURES } from './fake-backend.js';

/** Points around one corner per class. */
export function points(count: number, seed = 1): FloatData {
  const random = new RandomStream([seed, 0], 'points');
  const labels = Int32Array.from({ length: count }, () => random.below(CLASSES));
  const inputs = Float32Array.from({ length: count * FEATURES }, (_, i) => (i % FEATURES === FEATURES - 1 ? 1 : Number(i % FEATURES === labels[Math.floor(i / FEATURES)]) + (random.uniform() - 0.5)));
  return { inputs, labels, shape: [FEATURES] };
}

/** Pictures of random bytes; those of class c are brighter in their c-th column. */
export function pictures({ count, shape, classes, seed = 1 }: { count: number; shape: readonly [number, number, number]; classes: number; seed?: number }): Dataset {
  const random = new RandomStream([seed, 0], 'pictures');
  const [height, width, channels] = shape;
  const labels = Int32Array.from({ length: count }, () => random.below(classes));
  const images = new Uint8Array(count * height * width * channels);
  for (let i = 0; i < images.length; i++) {
    const column = Math.floor(i / channels) % width;
    const label = labels[Math.floor(i / (height * width * channels))]!;
    images[i] = random.below(128) + (column === label ? 127 : 0);
  }
  return { name: 'synthetic', count, shape, images, labels, classes };
}

/** A hash of every bit of a run's state. */
export async function bitsOf(trainer: Trainer): Promise<string> {
  return createHash('sha256').update(bitsOfSnapshot(await trainer.snapshot())).digest('hex');
}

export function bitsOfSnapshot({ tensors, gradients }: StateSnapshot): string {
  const lines = [...tensors].map(([name, { data }]) => `${name} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`);
  const numbers = (value: number | readonly number[]): string => [value].flat().map((number) => (Object.is(number, -0) ? '-0' : String(number))).join();
  for (const [layer, state] of gradients) lines.push(`${layer} ${Object.entries(state).map(([key, value]) => `${key}=${numbers(value)}`).join(' ')}`);
  return lines.sort().join('\n');
}
