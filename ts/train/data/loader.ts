/** The batches of an epoch: a seeded order, changed samples, normalised values. Batch k of epoch e depends on nothing but (data, seed, e, k). */
import { RandomStream, type Seed } from '../random/random-stream.js';
import { IN_PLACE, placementOf, type Augmentation } from './augment.js';
import type { Batch } from './dataset.js';
import type { SampleSource } from './sample-source.js';

export interface LoaderOptions {
  readonly batch: number;
  readonly seed: Seed;
  /** undefined: samples in their order, as they are. */
  readonly training: { readonly augmentation: Augmentation } | undefined;
  /** Leaves out the last batch of an epoch if it is not full: others in every epoch, since the order changes. */
  readonly dropLast: boolean;
}

export class DataLoader {
  readonly shape: readonly number[];
  readonly #source: SampleSource;
  readonly #options: LoaderOptions;

  constructor(source: SampleSource, options: LoaderOptions) {
    this.shape = source.shape;
    this.#source = source;
    this.#options = options;
  }

  get stepsPerEpoch(): number {
    const { batch, dropLast } = this.#options;
    return dropLast ? Math.floor(this.#source.count / batch) : Math.ceil(this.#source.count / batch);
  }

  /** The batches of an epoch from number `first` on. A batch's arrays are used again for the next one. */
  *batches(epoch: number, first = 0): Generator<Batch, void, void> {
    const { batch, seed, training } = this.#options;
    const { count, shape, labels } = this.#source;
    const order = training === undefined ? undefined : permutation(count, new RandomStream(seed, `shuffle ${epoch}`));
    const sampleSize = shape.reduce((product, size) => product * size, 1);
    const inputs = new Float32Array(batch * sampleSize);
    const batchLabels = new Int32Array(batch);
    for (let number = first; number < this.stepsPerEpoch; number++) {
      const size = Math.min(batch, count - number * batch);
      for (let i = 0; i < size; i++) {
        const position = number * batch + i;
        const sample = order === undefined ? position : (order[position] as number);
        const placement = training === undefined ? IN_PLACE : placementOf(training.augmentation, seed, epoch, sample);
        this.#source.write(sample, placement, inputs, i * sampleSize);
        batchLabels[i] = labels[sample] as number;
      }
      yield { inputs: inputs.subarray(0, size * sampleSize), labels: batchLabels.subarray(0, size), size };
    }
  }
}

/** 0 … count − 1 in an order that is uniform among all (Fisher and Yates, from the last place down). */
export function permutation(count: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}
