/** A network made ready for this engine: layouts, packed weights, arena, a table of steps. Never saved. */
import type { Dot, KernelName } from '../wasm/params.js';

/** Floats of one sample. */
export interface FloatInput {
  readonly kind: 'f32';
  readonly data: Float32Array;
  readonly first?: number;
}

/** What a Program is fed, row-major in ONNX axes for one sample (batch axis 1). */
export type ProgramInput =
  /** Finite numbers; ERR_NAN counts the elements from `first` on, which a batch leaves in front of its samples. */
  | FloatInput
  /** Codes of the input value, for tests and chaining. IntegerProgram only. */
  | { readonly kind: 'codes'; readonly data: Int32Array | Int8Array | Uint8Array }
  /** Bytes [h][w][channels] at exactly the preprocess size and channel order rgb, or gray with 1 channel. Inputs with a preprocess block only. */
  | { readonly kind: 'pixels'; readonly data: Uint8Array; readonly channels: number };

/** A value that a step has just made; read it inside the callback, its slot may be used again afterwards. */
export interface ObservedValue {
  readonly name: string;
  /** Index in IntegerGraph.values; -1 in a float Program. */
  readonly index: number;
  readonly shape: readonly number[];
  /** Row-major copy in ONNX axes: floats, or codes (not dequantized). */
  read(): Float32Array | Int32Array;
}

export type Observer = (value: ObservedValue) => void;

export interface ProgramStep {
  readonly name: string;
  readonly op: string;
  /** The kernels that run it, in order: which algorithm was chosen. Empty where nothing has to run. */
  readonly kernels: readonly KernelName[];
  /** The dot product of bytes that its convolution multiplies by; null: pairs of i16, or nothing to multiply. */
  readonly dot: keyof typeof Dot | null;
  /** Packed weights, bias and multipliers that only this step reads. */
  readonly weightBytes: number;
}

export interface Program {
  readonly kind: 'float' | 'integer';
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly steps: readonly ProgramStep[];
  /** Bytes of the arena this Program holds: packed weights, activations and scratch. */
  readonly weightBytes: number;
  readonly activationBytes: number;
  /** One sample. Outputs as floats, row-major. The observer sees inputs first, then every value in execution order. */
  run(inputs: ReadonlyMap<string, ProgramInput>, observer?: Observer): Map<string, Float32Array>;
  /** The same, yielding the number of steps done after each step, so that the caller can stop, wait or report. Returns the outputs. */
  stepwise(inputs: ReadonlyMap<string, ProgramInput>, observer?: Observer): Generator<number, Map<string, Float32Array>, void>;
  /** Fills activation slots and pad channels with a byte pattern: tests do it between runs. */
  poison(byte: number): void;
  dispose(): void;
}
