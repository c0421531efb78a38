/**
 * log.jsonl: what a training run tells about itself, one JSON object per line. `run` opens it (and opens every resumption), `step` comes every few steps with the
 * means since the one before, `epoch` after every evaluation, `end` last. A report is made from nothing else.
 */
import { DyadicError } from '../../errors.js';

/** How the run was started. */
export interface RunLine {
  readonly type: 'run';
  /** The name of the arm in a comparison: the gradient's interval method, or `f32`. */
  readonly arm: string;
  readonly model: string;
  /** `4/4/4`: weights, activations, gradients; `32` for float. */
  readonly bits: string;
  readonly data: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly epochs: number;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly seed: number;
  readonly optimizer: string;
  readonly schedule: string;
  readonly augment: string;
  /** The share of gradients by size that counts as large. */
  readonly alpha: number;
  readonly gradientBits: number;
  /** Host and kernels: `Node 20.19, simd128`. */
  readonly host: string;
  /** The steps done before, where the run was resumed. */
  readonly from: number;
}

/** One quantized layer's gradient in one step. */
export interface LayerLine {
  readonly layer: string;
  readonly count: number;
  readonly maximum: number;
  readonly clip: number;
  /** Share of |G| beyond the clip. */
  readonly clipped: number;
  /** How many |G|/maximum lie in each of equal bins of [0, 1]. */
  readonly histogram?: readonly number[];
  /** Squared error of quantization over squared gradient: of the top α by size, and of all. */
  readonly largeError?: number;
  readonly allError?: number;
}

export interface StepLine {
  readonly type: 'step';
  /** Steps done. */
  readonly step: number;
  /** Epochs done, with fractions. */
  readonly epoch: number;
  /** Mean since the line before. */
  readonly loss: number;
  /** Share classified right since the line before, 0 to 1. */
  readonly accuracy: number;
  readonly learningRate: number;
  readonly layers: readonly LayerLine[];
}

export interface EpochLine {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly step: number;
  /** Means over the epoch. */
  readonly loss: number;
  readonly accuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  /** While training; evaluation not counted. */
  readonly imagesPerSecond: number;
  readonly seconds: number;
}

export interface EndLine {
  readonly type: 'end';
  readonly epochs: number;
  readonly step: number;
  readonly bestAccuracy: number;
  readonly bestEpoch: number;
  readonly reason: 'done' | 'interrupted';
}

export type LogLine = RunLine | StepLine | EpochLine | EndLine;

/** A run as a report sees it. */
export interface RunLog {
  readonly run: RunLine;
  readonly steps: readonly StepLine[];
  readonly epochs: readonly EpochLine[];
  readonly end: EndLine | null;
}

const MEMBERS: Readonly<Record<LogLine['type'], readonly string[]>> = {
  run: ['arm', 'model', 'bits', 'batch', 'alpha', 'gradientBits', 'from'],
  step: ['step', 'epoch', 'loss', 'accuracy', 'layers'],
  epoch: ['epoch', 'step', 'loss', 'testAccuracy', 'imagesPerSecond'],
  end: ['step', 'reason'],
};

/**
 * Reads a log. A last line that was cut off in the middle of being written does not count; what a resumed run has done again replaces what stood there.
 * @throws DyadicError ERR_FILE naming the file and line
 */
export function parseRunLog(text: string, name: string): RunLog {
  const lines = text.split('\n');
  const parsed = lines.flatMap((line, i) => (line.trim() === '' || (i === lines.length - 1 && !isJson(line)) ? [] : [parseLine(line, i + 1, name)]));
  const run = parsed.find((line) => line.type === 'run');
  if (run === undefined) throw new DyadicError('ERR_FILE', { op: 'report', argument: name, expected: 'a log that starts with a line of type run', received: parsed.length === 0 ? 'an empty file' : `type ${parsed[0]!.type}` });
  return collect(run, parsed);
}

/** Builds a log from its lines in the order they were written. */
export function collect(run: RunLine, lines: readonly LogLine[]): RunLog {
  let steps: StepLine[] = [];
  let epochs: EpochLine[] = [];
  let end: EndLine | null = null;
  for (const line of lines) {
    if (line.type === 'run') {
      steps = steps.filter(({ step }) => step <= line.from);
      epochs = epochs.filter(({ step }) => step <= line.from);
      end = null;
    } else if (line.type === 'step') steps.push(line);
    else if (line.type === 'epoch') epochs.push(line);
    else end = line;
  }
  return { run, steps, epochs, end };
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function parseLine(line: string, number: number, name: string): LogLine {
  const refuse = (expected: string, received: string): DyadicError => new DyadicError('ERR_FILE', { op: 'report', argument: `${name}:${number}`, expected, received });
  if (!isJson(line)) throw refuse('a line of JSON', line.slice(0, 40));
  const value: unknown = JSON.parse(line);
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  const members = typeof type === 'string' ? (MEMBERS as Record<string, readonly string[] | undefined>)[type] : undefined;
  if (members === undefined) throw refuse(`type ${Object.keys(MEMBERS).join(', ')}`, String(type));
  const missing = members.find((member) => !(member in (value as object)));
  if (missing !== undefined) throw refuse(`a member ${missing} in a line of type ${String(type)}`, 'none');
  return value as LogLine;
}
