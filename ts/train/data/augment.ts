/** Random changes of a sample that do not change its label, addressed by (seed, epoch, sample): the same however often a run is stopped and resumed (SPEC 7.5). */
import { DyadicError } from '../../errors.js';
import { RandomStream, type Seed } from '../random/random-stream.js';

export interface Augmentation {
  /** Left and right change places, for one half of the samples. */
  readonly horizontalFlip?: boolean;
  /** A picture of its own size is cut at random from the picture with so many black pixels (of f32 data: zeros) around it. */
  readonly cropPadding?: number;
}

/** Where the pixels of a changed sample come from: row y, column x is that of row y + top, column x + left, or W − 1 − x + left if it is flipped. */
export interface Placement {
  readonly top: number;
  readonly left: number;
  readonly isFlipped: boolean;
}

export const IN_PLACE: Placement = { top: 0, left: 0, isFlipped: false };

/** Drawn in this order from the stream `augment EPOCH SAMPLE`: top, left, flip; what is not asked for is not drawn. */
export function placementOf({ cropPadding = 0, horizontalFlip = false }: Augmentation, seed: Seed, epoch: number, sample: number): Placement {
  if (cropPadding === 0 && !horizontalFlip) return IN_PLACE;
  const random = new RandomStream(seed, `augment ${epoch} ${sample}`);
  const top = cropPadding === 0 ? 0 : random.below(2 * cropPadding + 1) - cropPadding;
  const left = cropPadding === 0 ? 0 : random.below(2 * cropPadding + 1) - cropPadding;
  return { top, left, isFlipped: horizontalFlip && random.below(2) === 1 };
}

/** Throws ERR_ARGUMENT. */
export function checkAugmentation(augmentation: Augmentation, op: string): Augmentation {
  const refuse = (argument: string, expected: string, received: unknown): DyadicError => new DyadicError('ERR_ARGUMENT', { op, argument, expected, received: String(received) });
  if (typeof augmentation !== 'object' || augmentation === null) throw refuse('augment', '{ horizontalFlip, cropPadding }', augmentation);
  for (const [name, value] of Object.entries(augmentation)) {
    if (name === 'horizontalFlip') {
      if (typeof value !== 'boolean') throw refuse('augment.horizontalFlip', 'true or false', value);
    } else if (name !== 'cropPadding') throw refuse('augment', 'horizontalFlip and cropPadding', name);
    else if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 1024) throw refuse('augment.cropPadding', 'an integer from 0 to 1024', value);
  }
  return augmentation;
}
