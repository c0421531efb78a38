/** How pictures become a network's input: from options, and from the network's shape where an option is missing. */
import { DyadicError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import type { Preprocess } from '../integer/integer-graph.js';
import { choiceOption, numbersOption, optionalChoice, type RawOptions, sizeOption, textOption } from './arguments.js';
import { readFile } from './pictures.js';

/** What was typed; undefined where the network decides. */
export interface PictureOptions {
  readonly size: readonly [number, number] | undefined;
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
  readonly channels: 'rgb' | 'bgr' | 'gray' | undefined;
  readonly fit: 'crop' | 'stretch';
  readonly labels: readonly string[] | null;
}

/** Reads the options that --help lists under pictures; throws UsageError, or ERR_FILE for the label file. */
export function pictureOptions(options: RawOptions): PictureOptions {
  const labels = textOption(options, 'labels');
  return {
    size: sizeOption(options, 'size'),
    mean: numbersOption(options, 'mean'),
    std: numbersOption(options, 'std'),
    channels: optionalChoice(options, 'channels', ['rgb', 'bgr', 'gray']),
    fit: choiceOption(options, 'fit', ['crop', 'stretch'], 'crop'),
    labels: labels === undefined ? null : readLabels(labels),
  };
}

/** One label per line; empty lines at the end do not count. */
function readLabels(path: string): string[] {
  return new TextDecoder().decode(readFile(path, 'quantize')).trimEnd().split(/\r?\n/);
}

/**
 * The preprocess block for the network's one input.
 * @throws DyadicError ERR_SHAPE if that is no image, or not of `size`; ERR_ARGUMENT if mean, std or labels do not fit
 */
export function preprocessFor(graph: Graph, options: PictureOptions): Preprocess {
  const { channelCount, size } = imageInput(graph);
  if (options.size !== undefined && (options.size[0] !== size[0] || options.size[1] !== size[1])) {
    throw new DyadicError('ERR_SHAPE', { op: 'quantize', argument: '--size', expected: `the model's ${size[1]}x${size[0]}`, received: `${options.size[1]}x${options.size[0]}` });
  }
  const channels = options.channels ?? (channelCount === 1 ? 'gray' : 'rgb');
  if ((channels === 'gray') !== (channelCount === 1)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: '--channels', expected: channelCount === 1 ? 'gray for a model with 1 input channel' : 'rgb or bgr for a model with 3 input channels', received: channels });
  }
  const std = perChannel('--std', options.std ?? [1], channelCount);
  const bad = std.find((value) => !(value > 0));
  if (bad !== undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: '--std', expected: 'numbers above 0', received: String(bad) });
  checkLabels(graph, options.labels);
  return { size, fit: options.fit, channels, mean: perChannel('--mean', options.mean ?? [0], channelCount), std, labels: options.labels };
}

/** Channels and [height, width] of the input. */
function imageInput(graph: Graph): { channelCount: number; size: readonly [number, number] } {
  const expected = 'one input of shape [1, 1 or 3, height, width], for pictures';
  if (graph.inputs.length !== 1) {
    throw new DyadicError('ERR_SHAPE', { op: 'quantize', argument: 'model', expected, received: `${graph.inputs.length} inputs: ${graph.inputs.join(', ')}` });
  }
  const shape = graph.values.get(graph.inputs[0]!)?.shape ?? [];
  const [batch, channelCount, height, width] = shape;
  if (shape.length !== 4 || batch !== 1 || (channelCount !== 1 && channelCount !== 3)) {
    throw new DyadicError('ERR_SHAPE', { op: 'quantize', argument: `input "${graph.inputs[0]}"`, expected, received: `[${shape.join(', ')}]` });
  }
  return { channelCount, size: [height!, width!] };
}

/** One number for all channels, or one for each. f32, as the file holds them. */
function perChannel(argument: string, values: readonly number[], channelCount: number): number[] {
  if (values.length !== 1 && values.length !== channelCount) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument, expected: channelCount === 1 ? '1 number' : `1 or ${channelCount} numbers`, received: `${values.length}` });
  }
  return Array.from({ length: channelCount }, (_, c) => Math.fround(values[c] ?? values[0]!));
}

function checkLabels(graph: Graph, labels: readonly string[] | null): void {
  if (labels === null) return;
  const shape = graph.values.get(graph.outputs[0]!)?.shape ?? [];
  const classes = shape.reduce((total, dimension) => total * dimension, 1);
  if (labels.length === classes) return;
  throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: '--labels', expected: `${classes} lines, one for each output of the model`, received: `${labels.length}` });
}
