/** Whatever a caller trains on, as batches by epoch. */
import { DyadicError } from '../../errors.js';
import type { Seed } from '../random/random-stream.js';
import type { Augmentation } from './augment.js';
import { checkDataset, kindOf } from './check-dataset.js';
import type { Batch, Dataset, Normalization } from './dataset.js';
import { datasetError } from './dataset-error.js';
import { DataLoader } from './loader.js';
import { floatSource, pictureSource, type FloatData, type SampleSource } from './sample-source.js';

/** Batches that a caller makes. They are what the network gets: nothing is shuffled, changed or normalised. */
export interface BatchSource {
  /** Of one sample: [height, width, channels] or [features]. */
  readonly shape: readonly number[];
  /** An epoch ends after so many batches, whether or not there are more. */
  readonly stepsPerEpoch: number;
  /** Gone through once in every epoch, or made for each; a function begins at batch number `first`, where an interrupted run left off. */
  readonly batches: AsyncIterable<Batch> | Iterable<Batch> | ((epoch: number, first: number) => AsyncIterable<Batch> | Iterable<Batch>);
}

/** Pictures in bytes, f32 samples, or batches as they come. */
export type TrainingData = Dataset | FloatData | BatchSource;

export interface OpenOptions {
  readonly batch: number;
  readonly seed: Seed;
  readonly augmentation: Augmentation;
  /** undefined for FloatData and BatchSource */
  readonly normalization: Normalization | undefined;
  /** Shuffled and changed; evaluation takes the samples as they are. */
  readonly isTraining: boolean;
  readonly dropLast: boolean;
}

export interface OpenedData {
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly stepsPerEpoch: number;
  /** All labels, where they are known before the batches come. */
  readonly labels: Int32Array | undefined;
  batches(epoch: number, first: number): AsyncIterable<Batch> | Iterable<Batch>;
}

export function isDataset(data: TrainingData): data is Dataset {
  return typeof data === 'object' && data !== null && 'images' in data;
}

/** Throws ERR_DATASET or ERR_ARGUMENT: no samples, sizes that do not agree, labels that are no labels, fewer samples than a batch has. */
export function openData(data: TrainingData, options: OpenOptions, op: string): OpenedData {
  if (typeof data === 'object' && data !== null && 'batches' in data) return openBatches(data, op);
  const source = openSamples(data, options.normalization, op);
  const { batch, isTraining, seed, augmentation, dropLast } = options;
  if (isTraining && batch > source.count) throw datasetError('count', `at least the ${batch} samples of a batch`, `${source.count}`);
  if (isTraining && (augmentation.cropPadding ?? 0) + Number(augmentation.horizontalFlip ?? false) > 0 && source.shape.length !== 3) {
    throw new DyadicError('ERR_ARGUMENT', { op, argument: 'augment', expected: 'none for samples that are no pictures', received: `samples of shape [${source.shape.join(', ')}]` });
  }
  const loader = new DataLoader(source, { batch, seed, training: isTraining ? { augmentation } : undefined, dropLast: isTraining && dropLast });
  return { shape: source.shape, stepsPerEpoch: loader.stepsPerEpoch, labels: source.labels, batches: (epoch, first) => loader.batches(epoch, first) };
}

function openSamples(data: Dataset | FloatData, normalization: Normalization | undefined, op: string): SampleSource {
  if (isDataset(data)) {
    const dataset = checkDataset(data);
    const given = normalization ?? { mean: [], std: [] };
    if (given.mean.length !== dataset.shape[2]) {
      throw new DyadicError('ERR_ARGUMENT', { op, argument: 'normalization', expected: `numbers for ${dataset.shape[2]} channels`, received: `for ${given.mean.length}` });
    }
    return pictureSource(dataset, given);
  }
  if (typeof data !== 'object' || data === null || !('inputs' in data)) {
    throw new DyadicError('ERR_ARGUMENT', { op, argument: 'data', expected: 'a Dataset, { inputs, labels, shape } or { batches, shape, stepsPerEpoch }', received: String(data) });
  }
  return floatSource(checkFloatData(data));
}

function checkFloatData(data: FloatData): FloatData {
  const { inputs, labels, shape } = data;
  const size = checkShape(shape);
  if (!(inputs instanceof Float32Array)) throw datasetError('inputs', 'a Float32Array', kindOf(inputs));
  if (!(labels instanceof Int32Array) && !Array.isArray(labels)) throw datasetError('labels', 'an Int32Array or an array', kindOf(labels));
  if (labels.length < 1) throw datasetError('labels', 'at least one sample', 'none');
  if (inputs.length !== labels.length * size) throw datasetError('inputs', `${labels.length * size} numbers for ${labels.length} samples of [${shape.join(', ')}]`, `${inputs.length}`);
  checkIntegers(labels);
  // A plain loop: millions of calls would be felt.
  let wrong = 0;
  while (wrong < inputs.length && Number.isFinite(inputs[wrong])) wrong++;
  if (wrong < inputs.length) throw datasetError('inputs', 'finite numbers', `${inputs[wrong]} in sample ${Math.floor(wrong / size)}`);
  return data;
}

function checkShape(shape: readonly number[]): number {
  const isShape = Array.isArray(shape) && (shape.length === 3 || shape.length === 1) && shape.every((size) => Number.isInteger(size) && size >= 1);
  if (!isShape) throw datasetError('shape', '[height, width, channels] or [features]', `[${Array.isArray(shape) ? shape.join(', ') : String(shape)}]`);
  return (shape as readonly number[]).reduce((product, size) => product * size, 1);
}

function checkIntegers(labels: ArrayLike<number>): void {
  for (let i = 0; i < labels.length; i++) if (!Number.isInteger(labels[i])) throw datasetError('labels', 'integers', `${labels[i]} at sample ${i}`);
}

function openBatches(source: BatchSource, op: string): OpenedData {
  const { shape, stepsPerEpoch, batches } = source;
  const size = checkShape(shape);
  if (!Number.isInteger(stepsPerEpoch) || stepsPerEpoch < 1) throw new DyadicError('ERR_ARGUMENT', { op, argument: 'stepsPerEpoch', expected: 'an integer ≥ 1', received: String(stepsPerEpoch) });
  const isIterable = typeof batches === 'object' && batches !== null && (Symbol.asyncIterator in batches || Symbol.iterator in batches);
  if (typeof batches !== 'function' && !isIterable) throw new DyadicError('ERR_ARGUMENT', { op, argument: 'batches', expected: 'an iterable, or a function that gives one', received: String(batches) });
  const begin = typeof batches === 'function' ? batches : undefined;
  return {
    shape,
    stepsPerEpoch,
    labels: undefined,
    async *batches(epoch, first) {
      let number = begin === undefined ? 0 : first;
      for await (const batch of begin === undefined ? (batches as AsyncIterable<Batch>) : begin(epoch, first)) {
        if (number >= first) yield checkBatch(batch, size, `batch ${number} of epoch ${epoch}`);
        number++;
        if (number === stepsPerEpoch) return;
      }
      throw datasetError(`epoch ${epoch}`, `${stepsPerEpoch} batches`, `${number}${number === 0 && epoch > 0 ? ': give a function that makes them for each epoch' : ''}`);
    },
  };
}

function checkBatch(batch: Batch, sampleSize: number, where: string): Batch {
  const { inputs, labels, size } = (batch ?? {}) as Partial<Batch>;
  if (!(inputs instanceof Float32Array) || !(labels instanceof Int32Array)) throw datasetError(where, '{ inputs: Float32Array, labels: Int32Array, size }', String(batch));
  if (!Number.isInteger(size) || (size as number) < 1) throw datasetError(where, 'a size of at least 1', String(size));
  if (labels.length !== size || inputs.length !== size * sampleSize) {
    throw datasetError(where, `${size} labels and ${(size as number) * sampleSize} numbers`, `${labels.length} and ${inputs.length}`);
  }
  return batch;
}
