import type { Value, Window } from '../node.js';
import { type Padding, type Pair, checkEveryWindowTouches, readPads, readPair, windowSizes } from '../window.js';
import { begin, pictureShape } from './input-shape.js';

export interface PoolArguments {
  readonly kernel: Pair;
  /** The kernel, if not given. */
  readonly stride?: Pair;
  readonly padding?: Padding;
}

/** Records the maximum of each window: x [N, H, W, C] → [N, H', W', C]. Padding never wins. */
export function maxPool(x: Value, options: PoolArguments): Value {
  const { tape, label } = begin(x, 'max_pool');
  const { window, shape } = pool(x, options, label);
  return tape.record({ op: 'max_pool', inputs: [x], window }, shape);
}

/** Records the mean of each window: x [N, H, W, C] → [N, H', W', C]. `countIncludePad`: padding counts as zeros, as in PyTorch. */
export function averagePool(x: Value, { countIncludePad = true, ...options }: PoolArguments & { readonly countIncludePad?: boolean }): Value {
  const { tape, label } = begin(x, 'average_pool');
  const { window, shape } = pool(x, options, label);
  return tape.record({ op: 'average_pool', inputs: [x], window, countIncludePad }, shape);
}

/** Records the mean over height and width: x [N, H, W, C] → [N, 1, 1, C]. */
export function globalAveragePool(x: Value): Value {
  const { tape, label } = begin(x, 'average_pool');
  const [batch, height, width, channels] = pictureShape(x, label);
  const window: Window = { kernel: [height, width], stride: [1, 1], pads: [0, 0, 0, 0] };
  return tape.record({ op: 'average_pool', inputs: [x], window, countIncludePad: true }, [batch, 1, 1, channels]);
}

function pool(x: Value, { kernel, stride = kernel, padding = 0 }: PoolArguments, label: string): { window: Window; shape: readonly number[] } {
  const [batch, height, width, channels] = pictureShape(x, label);
  const window = { kernel: readPair(kernel, label, 'kernel'), stride: readPair(stride, label, 'stride'), pads: readPads(padding, label) };
  const counts = windowSizes(window, [1, 1], [height, width], label);
  checkEveryWindowTouches(window, [height, width], counts, label);
  return { window, shape: [batch, ...counts, channels] };
}
