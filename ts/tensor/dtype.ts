/** Element types of tensors and the typed arrays that hold them. */
export type Dtype = 'f32' | 'i32' | 'i16' | 'i8' | 'u8';

export interface TypedArrays {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
}

export type TypedArray = TypedArrays[Dtype];

const CONSTRUCTORS = { f32: Float32Array, i32: Int32Array, i16: Int16Array, i8: Int8Array, u8: Uint8Array } as const;

export function bytesPerElement(dtype: Dtype): number {
  return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}

/** The element type that a typed array stands for, or undefined for any other object. */
export function dtypeOf(data: unknown): Dtype | undefined {
  return (Object.keys(CONSTRUCTORS) as Dtype[]).find((dtype) => data instanceof CONSTRUCTORS[dtype]);
}

/** A typed array over bytes that are its own. */
export function typedArray(dtype: Dtype, buffer: ArrayBufferLike): TypedArray {
  return new CONSTRUCTORS[dtype](buffer as ArrayBuffer);
}
