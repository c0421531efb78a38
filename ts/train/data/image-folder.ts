/** Pictures of any size, sorted into classes, as one Dataset: resized and cut as SPEC 5 says, so that every host makes the same bytes. */
import type { Preprocess } from '../../integer/integer-graph.js';
import { type Picture, preprocessPicture } from '../../session/preprocess.js';
import { checkDataset } from './check-dataset.js';
import type { Dataset } from './dataset.js';
import { datasetError, MAX_DATASET_BYTES } from './dataset-error.js';

/** A picture of one class; decoded only when it is asked for, so that one at a time is in memory. */
export interface LabelledPicture {
  /** In errors. */
  readonly name: string;
  /** 0 to classNames.length − 1 */
  readonly label: number;
  readonly decode: () => Picture;
}

export interface ImageFolderOptions {
  /** [height, width]; default: the size of the first picture, which all others must have. */
  readonly size?: readonly [number, number];
  /** gray is luma (SPEC 5.1); default rgb. */
  readonly channels?: 'rgb' | 'gray';
  /** How a picture of another shape is fitted; default crop. */
  readonly fit?: 'crop' | 'stretch';
  readonly onProgress?: (done: number) => void;
}

/**
 * Decodes, fits and stacks pictures.
 * @throws DyadicError ERR_DATASET if there are none, or sizes differ and none was asked for; what `decode` throws
 */
export function imageFolderDataset(name: string, classNames: readonly string[], pictures: readonly LabelledPicture[], options: ImageFolderOptions = {}): Dataset {
  const { channels = 'rgb', fit = 'crop' } = options;
  const first = pictures[0];
  if (first === undefined) throw datasetError(name, 'at least one picture', 'none');
  const size = options.size ?? sizeOf(first.decode());
  const depth = channels === 'gray' ? 1 : 3;
  const bytes = size[0] * size[1] * depth;
  if (bytes * pictures.length > MAX_DATASET_BYTES) throw datasetError(name, 'pictures that fit memory', `${pictures.length} of ${size[1]}×${size[0]}`);
  const preprocess: Preprocess = { size, fit, channels, mean: [0], std: [1], labels: null };
  const images = new Uint8Array(bytes * pictures.length);
  pictures.forEach((picture, i) => {
    const decoded = picture.decode();
    if (options.size === undefined && (decoded.height !== size[0] || decoded.width !== size[1])) throw mixedSizes(picture, decoded, first, size);
    images.set(preprocessPicture(decoded, preprocess), i * bytes);
    options.onProgress?.(i + 1);
  });
  const labels = Int32Array.from(pictures, ({ label }) => label);
  return checkDataset({ name, count: pictures.length, shape: [size[0], size[1], depth], images, labels, classes: classNames.length, classNames });
}

function sizeOf({ height, width }: Picture): readonly [number, number] {
  return [height, width];
}

function mixedSizes(picture: LabelledPicture, { width, height }: Picture, first: LabelledPicture, size: readonly [number, number]): Error {
  return datasetError(picture.name, `${size[1]}×${size[0]}, the size of ${first.name}, or a size (--size WxH on the command line) to bring all to`, `${width}×${height}`);
}
