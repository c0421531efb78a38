/** Kernels, strides and pads as callers write them, checked. */
import { DyadicError } from '../../errors.js';
import { everyWindowTouches, windowCount } from '../../graph/pool-window.js';
import { showShape } from '../../graph/shape.js';
import type { Window } from './node.js';

/** One number for both axes, or [height, width]. */
export type Pair = number | readonly [number, number];
/** One number for all sides, [height, width], or [top, left, bottom, right]. */
export type Padding = Pair | readonly [number, number, number, number];

const LIMIT = 2 ** 24;

export function readPair(value: Pair, op: string, argument: string): readonly [number, number] {
  const pair = typeof value === 'number' ? [value, value] : value;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((size) => isSize(size, 1))) throw refusal(op, argument, 'an integer of 1 or more, or two', value);
  return [pair[0]!, pair[1]!];
}

export function readPads(value: Padding, op: string): Window['pads'] {
  const list: readonly number[] = typeof value === 'number' ? [value, value] : value;
  if (!Array.isArray(list) || (list.length !== 2 && list.length !== 4) || !list.every((size) => isSize(size, 0))) {
    throw refusal(op, 'padding', 'an integer of 0 or more, [height, width] or [top, left, bottom, right]', value);
  }
  return [list[0]!, list[1]!, list[2] ?? list[0]!, list[3] ?? list[1]!];
}

/** How many windows fit into [height, width]. Throws ERR_SHAPE if none does. */
export function windowSizes(window: Window, dilation: readonly [number, number], size: readonly [number, number], op: string): readonly [number, number] {
  const { kernel, stride, pads } = window;
  const counts = [0, 1].map((axis) => windowCount(size[axis]!, pads[axis]!, pads[axis + 2]!, kernel[axis]!, stride[axis]!, dilation[axis]!));
  if (counts.every((count) => count >= 1)) return [counts[0]!, counts[1]!];
  throw new DyadicError('ERR_SHAPE', { op, argument: 'kernel', expected: `a kernel that fits the padded input of ${size[0]}x${size[1]}`, received: showShape(kernel) });
}

/** Throws ERR_ARGUMENT if a pooling window would lie in the padding only: it has no maximum and no average. */
export function checkEveryWindowTouches(window: Window, size: readonly [number, number], counts: readonly [number, number], op: string): void {
  for (const axis of [0, 1] as const) {
    if (everyWindowTouches(counts[axis], size[axis], window.pads[axis], window.kernel[axis], window.stride[axis], 1)) continue;
    throw new DyadicError('ERR_ARGUMENT', { op, argument: 'padding', expected: `less than the kernel ${showShape(window.kernel)}`, received: showShape(window.pads) });
  }
}

/** An integer from `least` up. Throws ERR_ARGUMENT. */
export function checkSize(value: number, least: number, op: string, argument: string): number {
  if (!isSize(value, least)) throw refusal(op, argument, `an integer from ${least} to 2^24`, value);
  return value;
}

function isSize(value: unknown, least: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= LIMIT;
}

function refusal(op: string, argument: string, expected: string, value: unknown): DyadicError {
  return new DyadicError('ERR_ARGUMENT', { op, argument, expected, received: Array.isArray(value) ? showShape(value) : String(value) });
}
