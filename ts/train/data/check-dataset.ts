/** The rules every Dataset holds, whichever reader or user made it. */
import type { Dataset } from './dataset.js';
import { datasetError } from './dataset-error.js';

/**
 * Returns the dataset if it is one; a reader names its `source` in errors.
 * @throws DyadicError ERR_DATASET for no pictures, sizes that do not agree, labels out of range
 */
export function checkDataset(dataset: Dataset, source: string = dataset.name): Dataset {
  const { count, shape, images, labels, classes, classNames } = dataset;
  if (!Array.isArray(shape)) throw datasetError(source, 'a shape [height, width, channels]', kindOf(shape));
  if (!(images instanceof Uint8Array)) throw datasetError(source, 'images in a Uint8Array', kindOf(images));
  if (!(labels instanceof Int32Array)) throw datasetError(source, 'labels in an Int32Array', kindOf(labels));
  if (!Number.isInteger(count) || count < 1) throw datasetError(source, 'at least one picture', `${count}`);
  if (shape.length !== 3 || shape.some((size) => !Number.isInteger(size) || size < 1)) {
    throw datasetError(source, 'pictures of [height, width, channels], each at least 1', `[${shape.join(', ')}]`);
  }
  const bytes = count * shape[0] * shape[1] * shape[2];
  if (images.length !== bytes) throw datasetError(source, `${bytes} bytes for ${count} pictures of ${shape.join('×')}`, `${images.length}`);
  if (labels.length !== count) throw datasetError(source, `${count} labels, one for each picture`, `${labels.length}`);
  if (!Number.isInteger(classes) || classes < 1) throw datasetError(source, 'at least one class', `${classes}`);
  if (classNames !== undefined && classNames.length !== classes) throw datasetError(source, `${classes} class names`, `${classNames.length}`);
  checkLabels(labels, classes, source);
  return dataset;
}

/** @throws DyadicError ERR_DATASET naming the first label outside 0..classes − 1 */
export function checkLabels(labels: ArrayLike<number>, classes: number, source: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label < 0 || label >= classes) throw datasetError(source, `labels from 0 to ${classes - 1}`, `${label} at picture ${i}`);
  }
}

/** `Float32Array` and the like: what came instead. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** One more than the largest label. */
export function classCount(labels: Int32Array): number {
  return labels.reduce((most, label) => Math.max(most, label), -1) + 1;
}
