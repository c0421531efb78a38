import { DyadicError } from '../../../errors.js';
import type { Value } from '../node.js';
import { type Pair, checkSize, readPair } from '../window.js';
import { begin, pictureShape } from './input-shape.js';

export interface OptionAShortcutArguments {
  /** Channels of the output, as many as the input's or more. */
  readonly channels: number;
  readonly stride: Pair;
}

/**
 * Records He et al.'s shortcut A (CVPR 2016): every stride-th pixel, and zero channels on both sides, the odd one behind:
 * x [N, H, W, C] → [N, ⌈H/stride⌉, ⌈W/stride⌉, channels].
 */
export function optionAShortcut(x: Value, { channels, stride }: OptionAShortcutArguments): Value {
  const { tape, label } = begin(x, 'option_a_shortcut');
  const [batch, height, width, inputs] = pictureShape(x, label);
  checkSize(channels, 1, label, 'channels');
  if (channels < inputs) throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'channels', expected: `${inputs} or more`, received: String(channels) });
  const steps = readPair(stride, label, 'stride');
  const before = Math.floor((channels - inputs) / 2);
  const shape = [batch, Math.ceil(height / steps[0]), Math.ceil(width / steps[1]), channels];
  return tape.record({ op: 'option_a_shortcut', inputs: [x], stride: steps, before, after: channels - inputs - before }, shape);
}
