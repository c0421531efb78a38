import { DyadicError } from '../../errors.js';
import { checkOptionNames } from '../option-names.js';
import type { LayerBits } from '../tape/node.js';
import { checkBits } from '../modules/layer-bits.js';
import { checkSize } from '../tape/window.js';

/** What every network of this folder is told. */
export interface ModelOptions {
  /** How many classes it tells apart, 2 or more. */
  readonly classes: number;
  /** Colour channels of the pictures: 3 if not given. */
  readonly channels?: number;
  /** Of the quantized layers; null or not given: all f32. The first convolution and the last linear layer always are f32. */
  readonly bits?: LayerBits | null;
}

/** With everything filled in; `own`: options that only this network has, read elsewhere. Throws ERR_ARGUMENT. */
export function readModelOptions(options: ModelOptions, op: string, own: readonly string[] = []): Required<ModelOptions> {
  checkOptionNames(options, ['classes', 'channels', 'bits', ...own], op);
  const { classes, channels = 3, bits = null } = options;
  return { classes: checkSize(classes, 2, op, 'classes'), channels: checkSize(channels, 1, op, 'channels'), bits: checkBits(bits, op) };
}

/** A factor on the channels of every layer. Throws ERR_ARGUMENT. */
export function checkWidth(width: number, op: string): number {
  if (width > 0 && width <= 64) return width;
  throw new DyadicError('ERR_ARGUMENT', { op, argument: 'width', expected: 'a number in (0, 64]', received: String(width) });
}
