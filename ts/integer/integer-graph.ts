/** The deployed network (SPEC 6.2 and 6.3), as plain data. `.dyad` is its file; a Program is made from it. */

export type CodeDtype = 'u8' | 'i8' | 'u4' | 'i16';
export type TensorDtype = 'i8' | 'i4' | 'i32';
export type Pair = readonly [number, number];
export type Pads = readonly [number, number, number, number];

export interface IntegerValue {
  readonly name: string;
  readonly dtype: CodeDtype;
  /** ONNX axes with the batch axis, always 1, in front. */
  readonly shape: readonly number[];
  /** real = scale · (code − zeroPoint); an f32 number. */
  readonly scale: number;
  readonly zeroPoint: number;
  readonly range: Pair;
}

export type Requantization =
  | { readonly form: 'copy' }
  | { readonly form: 'q15'; readonly shift: number; readonly multiplier: string }
  | { readonly form: 'exact'; readonly left: number; readonly shift: number; readonly multiplier: string };

interface OperationBase {
  readonly name: string;
  /** Indices into `values`. */
  readonly inputs: readonly number[];
  readonly outputs: readonly (number | null)[];
}

export type Operation =
  | (OperationBase & {
      readonly op: 'conv2d';
      readonly weight: string;
      readonly bias: string | null;
      readonly stride: Pair;
      readonly pads: Pads;
      readonly dilation: Pair;
      readonly groups: number;
      readonly requantization: Requantization;
      readonly clamp: Pair;
    })
  | (OperationBase & { readonly op: 'dense'; readonly weight: string; readonly bias: string | null; readonly requantization: Requantization; readonly clamp: Pair })
  | (OperationBase & {
      readonly op: 'add';
      readonly requantizations: readonly [Requantization, Requantization];
      readonly clamp: Pair;
      readonly codeRequantization: Requantization | null;
      readonly codeClamp: Pair | null;
    })
  | (OperationBase & { readonly op: 'max_pool'; readonly kernel: Pair; readonly stride: Pair; readonly pads: Pads; readonly dilation: Pair; readonly outputSize: Pair; readonly clamp: Pair })
  | (OperationBase & {
      readonly op: 'average_pool';
      readonly kernel: Pair;
      readonly stride: Pair;
      readonly pads: Pads;
      readonly countIncludePad: boolean;
      readonly outputSize: Pair;
      readonly divisors: readonly number[];
      readonly requantization: Requantization;
      readonly clamp: Pair;
    })
  | (OperationBase & { readonly op: 'requantize'; readonly requantization: Requantization; readonly clamp: Pair })
  | (OperationBase & { readonly op: 'concat'; readonly axis: number; readonly requantizations: readonly Requantization[]; readonly clamp: Pair })
  | (OperationBase & { readonly op: 'slice'; readonly starts: readonly number[]; readonly steps: readonly number[] })
  | (OperationBase & { readonly op: 'pad'; readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number })
  | (OperationBase & { readonly op: 'transpose'; readonly perm: readonly number[] })
  | (OperationBase & { readonly op: 'reshape' });

export interface IntegerTensor {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** One element per code, also for i4 (the file packs it). */
  readonly data: Int8Array | Int32Array;
}

/** SPEC 6.4. */
export interface Preprocess {
  readonly size: Pair;
  readonly fit: 'crop' | 'stretch';
  readonly channels: 'rgb' | 'bgr' | 'gray';
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly labels: readonly string[] | null;
}

export interface IntegerGraph {
  readonly name: string;
  readonly values: readonly IntegerValue[];
  readonly inputs: readonly { readonly name: string; readonly value: number; readonly preprocess: Preprocess | null }[];
  readonly outputs: readonly { readonly name: string; readonly value: number; readonly softmax: number | null }[];
  readonly tensors: ReadonlyMap<string, IntegerTensor>;
  readonly operations: readonly Operation[];
}
