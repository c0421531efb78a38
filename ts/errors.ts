/** Stable error codes. New ones are added; none changes its meaning. */
export type ErrorCode =
  | 'ERR_ARGUMENT' // an argument of the wrong kind or out of range
  | 'ERR_SHAPE' // a tensor of the wrong shape
  | 'ERR_DTYPE' // a tensor of the wrong element type
  | 'ERR_DISPOSED' // a tensor or model used after dispose()
  | 'ERR_NAN' // a NaN or infinity where a number is needed
  | 'ERR_ABORTED' // the caller's AbortSignal
  | 'ERR_BUSY' // a model asked for a synchronous run while it is in the middle of an asynchronous one
  | 'ERR_ONNX_PARSE' // not an ONNX file, or a damaged one
  | 'ERR_ONNX_UNSUPPORTED' // operators or attributes we do not have, all listed
  | 'ERR_ONNX_INVALID' // a well-formed file that is no valid network
  | 'ERR_DYAD_PARSE' // not a .dyad file, or a damaged one
  | 'ERR_DYAD_VERSION' // a .dyad file from a later version
  | 'ERR_DYAD_INVALID' // a well-formed file that is no valid network (SPEC 6)
  | 'ERR_ACCUMULATOR' // weights that break the accumulator clause (SPEC 2.4)
  | 'ERR_QUANTIZE_UNSUPPORTED' // a float operation without an integer counterpart
  | 'ERR_CALIBRATION' // no calibration data, or useless data
  | 'ERR_WASM_LOAD' // the wasm module could not be fetched, compiled or trusted
  | 'ERR_MEMORY' // the arena cannot grow
  | 'ERR_KERNEL' // a kernel refused its parameters: a defect of ours
  | 'ERR_IMAGE' // a picture that cannot be decoded or fitted
  | 'ERR_DATASET' // training data that is empty, damaged or of mixed sizes, labels out of range
  | 'ERR_TRAINING' // a loss or gradient that is no number; names layer and step
  | 'ERR_CHECKPOINT' // a checkpoint that is damaged, of another version or of another model
  | 'ERR_FILE'; // a file that cannot be read or written

/** What every error of dyadic carries besides its message. */
export interface ErrorDetail {
  /** The operation, node or function that refused, such as `conv2d "conv1"` or `quantize`. */
  readonly op: string;
  /** The argument or field, such as `input` or `pads`. */
  readonly argument?: string;
  readonly expected?: string;
  readonly received?: string;
  /** Further lines, one fact each: every unsupported node, say. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** The one error class of dyadic: `code` is stable, the message names op, argument, what was expected and what came. */
export class DyadicError extends Error {
  readonly code: ErrorCode;
  readonly op: string;
  readonly argument: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, detail: ErrorDetail) {
    super(describe(detail), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'DyadicError';
    this.code = code;
    this.op = detail.op;
    this.argument = detail.argument;
    this.expected = detail.expected;
    this.received = detail.received;
    this.details = detail.details ?? [];
  }
}

function describe({ op, argument, expected, received, details }: ErrorDetail): string {
  let text = op;
  if (argument !== undefined) text += argument.includes('"') ? `: ${argument}` : `: "${argument}"`;
  if (expected !== undefined) text += `${argument === undefined ? ':' : ''} expected ${expected}`;
  if (received !== undefined) text += `${expected === undefined ? '' : ','} got ${received}`;
  for (const line of details ?? []) text += `\n  ${line}`;
  return text;
}
