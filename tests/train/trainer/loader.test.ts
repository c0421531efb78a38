/** Batches against a naive computation of the same: order, crop, flip, normalisation. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pixelFloat } from '../../../ts/session/pixel-table.js';
import { IN_PLACE, placementOf, type Augmentation } from '../../../ts/train/data/augment.js';
import type { Batch, Dataset, Normalization } from '../../../ts/train/data/dataset.js';
import { permutation } from '../../../ts/train/data/loader.js';
import { measureNormalization } from '../../../ts/train/data/normalization.js';
import { openData, type BatchSource, type OpenOptions, type TrainingData } from '../../../ts/train/data/open-data.js';
import { RandomStream, type Seed } from '../../../ts/train/random/random-stream.js';
import { refused } from '../refusal.js';
import { errorOf } from '../../engine/error-of.js';
import { pictures, points } from './sample-data.js';

const loader = suite('loader');
const SEED: Seed = [7, 9];
const NORMALIZATION: Normalization = { mean: [0.5, 0.25], std: [0.25, 0.5] };
const AUGMENTATION: Augmentation = { horizontalFlip: true, cropPadding: 2 };
const DATA = pictures({ count: 11, shape: [5, 4, 2], classes: 3 });

const open = (data: TrainingData, options: Partial<OpenOptions> = {}) =>
  openData(data, { batch: 4, seed: SEED, augmentation: {}, normalization: NORMALIZATION, isTraining: true, dropLast: true, ...options }, 'fit');

/** Copies, since the loader uses its arrays again. */
function all(batches: AsyncIterable<Batch> | Iterable<Batch>): Batch[] {
  return Array.from(batches as Iterable<Batch>, ({ inputs, labels, size }) => ({ inputs: inputs.slice(), labels: labels.slice(), size }));
}

/** One sample the slow way: pad, cut, flip, normalise. */
function naiveSample({ images, shape }: Dataset, sample: number, epoch: number, { cropPadding: p = 0, horizontalFlip = false }: Augmentation): number[] {
  const [height, width, channels] = shape;
  const { top, left, isFlipped } = placementOf({ cropPadding: p, horizontalFlip }, SEED, epoch, sample);
  const padded = (y: number, x: number, c: number): number => (y < p || y >= height + p || x < p || x >= width + p ? 0 : images[((sample * height + y - p) * width + x - p) * channels + c]!);
  const out: number[] = [];
  for (let y = 0; y < height; y++) {
    const row = Array.from({ length: width }, (_, x) => Array.from({ length: channels }, (_, c) => padded(y + top + p, x + left + p, c)));
    if (isFlipped) row.reverse();
    out.push(...row.flat());
  }
  return out.map((byte, i) => pixelFloat(byte, NORMALIZATION.mean[i % channels]!, NORMALIZATION.std[i % channels]!));
}

loader('batches are those of a naive computation', () => {
  const sampleSize = 40;
  for (const epoch of [0, 3]) {
    const order = permutation(DATA.count, new RandomStream(SEED, `shuffle ${epoch}`));
    const batches = all(open(DATA, { augmentation: AUGMENTATION }).batches(epoch, 0));
    assert.is(batches.length, 2);
    batches.forEach(({ inputs, labels, size }, b) => {
      assert.is(size, 4);
      for (let i = 0; i < size; i++) {
        const sample = order[b * 4 + i]!;
        assert.is(labels[i], DATA.labels[sample]);
        assert.equal([...inputs.subarray(i * sampleSize, (i + 1) * sampleSize)], naiveSample(DATA, sample, epoch, AUGMENTATION));
      }
    });
  }
});

loader('a batch is the same whether or not the ones before were made', () => {
  const data = open(DATA, { augmentation: AUGMENTATION, batch: 2 });
  const whole = all(data.batches(5, 0));
  for (const first of [1, 3, 5]) assert.equal(all(data.batches(5, first)), whole.slice(first));
});

loader('another epoch or seed is another order', () => {
  const labels = (seed: Seed, epoch: number): string => all(open(pictures({ count: 64, shape: [1, 1, 2], classes: 9 }), { seed, batch: 64 }).batches(epoch, 0))[0]!.labels.join();
  assert.is(new Set([labels([1, 0], 0), labels([1, 0], 1), labels([2, 0], 0), labels([1, 1], 0)]).size, 4);
});

loader('a permutation holds every number once, and each place gets each number about as often', () => {
  const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  for (let round = 0; round < 4000; round++) {
    const order = [...permutation(4, new RandomStream([round, 0], 'x'))];
    assert.equal([...order].sort(), [0, 1, 2, 3]);
    order.forEach((value, place) => counts[place]![value]!++);
  }
  for (const count of counts.flat()) assert.ok(Math.abs(count - 1000) < 150, `${counts}`);
});

loader('placements cover the whole range, and none is drawn that was not asked for', () => {
  const seen = new Set(Array.from({ length: 2000 }, (_, sample) => JSON.stringify(placementOf({ cropPadding: 1, horizontalFlip: true }, SEED, 0, sample))));
  assert.is(seen.size, 18);
  const placements = (epoch: number): string => JSON.stringify(Array.from({ length: 20 }, (_, sample) => placementOf({ cropPadding: 4, horizontalFlip: true }, SEED, epoch, sample)));
  assert.not.equal(placements(0), placements(1), 'every epoch changes a sample in another way');
  assert.is(placementOf({}, SEED, 0, 0), IN_PLACE);
  for (let sample = 0; sample < 50; sample++) assert.equal({ ...placementOf({ horizontalFlip: true }, SEED, 0, sample), isFlipped: false }, IN_PLACE);
});

loader('without dropLast the last batch is what is left; evaluation keeps the order and changes nothing', () => {
  assert.equal(all(open(DATA, { dropLast: false }).batches(0, 0)).map(({ size }) => size), [4, 4, 3]);
  const batches = all(open(DATA, { isTraining: false, augmentation: AUGMENTATION }).batches(0, 0));
  assert.equal(batches.flatMap(({ labels }) => [...labels]), [...DATA.labels]);
  assert.equal(batches.flatMap(({ inputs }) => [...inputs]), Array.from({ length: 11 }, (_, i) => naiveSample(DATA, i, 0, {})).flat());
});

loader('f32 pictures are cropped, flipped and padded with zeros; vectors are not changed', () => {
  const inputs = Float32Array.from({ length: 2 * 6 }, (_, i) => i + 1);
  const [batch] = all(open({ inputs, labels: [0, 1], shape: [2, 3, 1] }, { batch: 2, augmentation: AUGMENTATION }).batches(0, 0));
  const values = [...batch!.inputs];
  assert.ok(values.every((value) => value === 0 || inputs.includes(value)));
  const vectors = points(5);
  assert.equal(all(open(vectors, { isTraining: false, batch: 5 }).batches(0, 0))[0]!.inputs, vectors.inputs);
  refused(() => open(vectors, { augmentation: AUGMENTATION }), 'ERR_ARGUMENT', /augment.*no pictures.*\[4\]/);
});

loader('measures mean and deviation of each channel', () => {
  const measured = measureNormalization({ name: 'x', count: 2, shape: [1, 2, 2], images: Uint8Array.of(0, 7, 255, 7, 0, 7, 255, 7), labels: Int32Array.of(0, 0), classes: 1 });
  assert.equal(measured, { mean: [0.5, 7 / 255], std: [0.5, 1] });
});

const vector = { shape: [2], stepsPerEpoch: 2 };
const batchOf = (value: number): Batch => ({ inputs: Float32Array.of(value, value), labels: Int32Array.of(0), size: 1 });
async function values(source: BatchSource, epoch: number, first: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { inputs } of open(source).batches(epoch, first)) found.push(inputs[0]!);
  return found;
}

loader('batches of a caller: arrays, generators and functions, from any batch on', async () => {
  const array = [1, 2, 3].map(batchOf);
  assert.equal(await values({ ...vector, batches: array }, 0, 0), [1, 2]);
  assert.equal(await values({ ...vector, batches: array }, 4, 1), [2]);
  const made = async function* (epoch: number, first: number): AsyncGenerator<Batch> {
    for (let i = first; i < 2; i++) yield batchOf(10 * epoch + i);
  };
  assert.equal(await values({ ...vector, batches: made }, 3, 0), [30, 31]);
  assert.equal(await values({ ...vector, batches: made }, 3, 1), [31]);
});

loader('bad batches of a caller are named', async () => {
  const refusal = async (batches: BatchSource['batches'], message: RegExp) => assert.match((await errorOf('ERR_DATASET', () => values({ ...vector, batches }, 1, 0))).message, message);
  await refusal([], /epoch 1.*2 batches.*got 0: give a function/);
  await refusal([batchOf(1)], /2 batches.*got 1/);
  await refusal([{ ...batchOf(1), size: 2 }], /batch 0 of epoch 1.*2 labels and 4 numbers.*1 and 2/);
  await refusal([{ ...batchOf(1), labels: [0] } as never], /Int32Array/);
  await refusal([null as never], /null/);
});

loader('bad data are named', () => {
  const dataset = (message: RegExp, data: TrainingData): void => refused(() => open(data), 'ERR_DATASET', message);
  const floats = points(6);
  dataset(/at least one picture/, { ...DATA, count: 0, images: new Uint8Array(0), labels: new Int32Array(0) });
  dataset(/440 bytes/, { ...DATA, images: DATA.images.subarray(1) });
  dataset(/labels from 0 to 2.*3 at picture 1/, { ...DATA, labels: Int32Array.from(DATA.labels, (label, i) => (i === 1 ? 3 : label)) });
  dataset(/at least one sample/, { inputs: new Float32Array(0), labels: [], shape: [4] });
  dataset(/24 numbers for 6 samples/, { ...floats, inputs: floats.inputs.subarray(1) });
  dataset(/integers.*0.5 at sample 0/, { ...floats, labels: [0.5, 0, 0, 0, 0, 0] });
  dataset(/finite numbers.*NaN in sample 1/, { ...floats, inputs: floats.inputs.map((value, i) => (i === 5 ? NaN : value)) });
  dataset(/shape.*\[4, 4\]/, { ...floats, shape: [4, 4] });
  refused(() => open(floats, { batch: 7 }), 'ERR_DATASET', /at least the 7 samples of a batch, got 6/);
  refused(() => open(DATA, { normalization: { mean: [0], std: [1] } }), 'ERR_ARGUMENT', /2 channels.*for 1/);
  refused(() => open(undefined as never), 'ERR_ARGUMENT', /data.*undefined/);
  refused(() => open({ ...vector, stepsPerEpoch: 0, batches: [] }), 'ERR_ARGUMENT', /stepsPerEpoch/);
});

loader.run();
