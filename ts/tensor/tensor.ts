/// <reference lib="esnext.disposable" preserve="true" />
/** Numbers with a shape, in JavaScript's memory or in an engine's. */
import { DyadicError } from '../errors.js';
import type { Engine } from '../wasm/engine.js';
import { bytesPerElement, dtypeOf, typedArray, type Dtype, type TypedArray, type TypedArrays } from './dtype.js';
import { checkShape, elementCount } from './shape.js';

interface ArenaStorage {
  readonly engine: Engine;
  readonly address: number;
}

/**
 * A row-major tensor. What `Tensor.from` makes lives in JavaScript; what a model returns lives in the model's wasm memory and keeps it until
 * `dispose()`, or the end of a `using` block. A disposed tensor refuses every use with ERR_DISPOSED.
 *
 * ```ts
 * using logits = model.run(Tensor.from(new Float32Array(784), [1, 1, 28, 28]));
 * const scores = logits.toArray(); // a copy, yours to keep
 * ```
 */
export class Tensor<D extends Dtype = Dtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  #data: TypedArrays[D] | ArenaStorage | null;

  private constructor(dtype: D, shape: readonly number[], data: TypedArrays[D] | ArenaStorage) {
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.#data = data;
  }

  /**
   * Copies `data`. The element type follows from the array: Float32Array f32, Int32Array i32, Int16Array i16, Int8Array i8, Uint8Array u8.
   * @throws DyadicError ERR_DTYPE for another object, ERR_SHAPE if the shape has another number of elements.
   */
  static from(data: Float32Array, shape: readonly number[]): Tensor<'f32'>;
  static from(data: Int32Array, shape: readonly number[]): Tensor<'i32'>;
  static from(data: Int16Array, shape: readonly number[]): Tensor<'i16'>;
  static from(data: Int8Array, shape: readonly number[]): Tensor<'i8'>;
  static from(data: Uint8Array, shape: readonly number[]): Tensor<'u8'>;
  static from(data: TypedArray, shape: readonly number[]): Tensor;
  static from(data: TypedArray, shape: readonly number[]): Tensor {
    const dtype = dtypeOf(data);
    if (dtype === undefined) {
      throw new DyadicError('ERR_DTYPE', { op: 'Tensor.from', argument: 'data', expected: 'a Float32Array, Int32Array, Int16Array, Int8Array or Uint8Array', received: Object.prototype.toString.call(data) });
    }
    checkShape('Tensor.from', shape, data.length);
    return new Tensor(dtype, shape, data.slice());
  }

  /** f32 values in an engine's arena; the tensor owns the allocation. Throws ERR_MEMORY. */
  static inArena(engine: Engine, data: Float32Array, shape: readonly number[]): Tensor<'f32'> {
    checkShape('Tensor.inArena', shape, data.length);
    const address = engine.allocate(data.byteLength);
    engine.f32(address, data.length).set(data);
    return new Tensor('f32', shape, { engine, address });
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  get disposed(): boolean {
    return this.#data === null;
  }

  /** A copy of the elements, row-major. Throws ERR_DISPOSED. */
  toArray(): TypedArrays[D] {
    const data = this.#data;
    if (data === null) throw new DyadicError('ERR_DISPOSED', { op: 'Tensor.toArray', argument: 'tensor', expected: 'a tensor in use', received: 'a disposed one' });
    if (!('engine' in data)) return data.slice() as TypedArrays[D];
    const bytes = data.engine.bytes(data.address, this.size * bytesPerElement(this.dtype)).slice();
    return typedArray(this.dtype, bytes.buffer) as TypedArrays[D];
  }

  /** Frees the memory. Again: nothing. */
  dispose(): void {
    const data = this.#data;
    this.#data = null;
    if (data !== null && 'engine' in data) data.engine.free(data.address);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
