/** Labelled pictures in memory. */
export interface Dataset {
  readonly name: string;
  readonly count: number;
  /** height, width, channels */
  readonly shape: readonly [number, number, number];
  /** [count][height][width][channels], 0 to 255 */
  readonly images: Uint8Array;
  /** [count], 0 to classes − 1 */
  readonly labels: Int32Array;
  readonly classes: number;
  readonly classNames?: readonly string[];
}

/** One batch as a training step takes it. */
export interface Batch {
  /** [batch][height][width][channels], normalised */
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
  readonly size: number;
}

/** (x/255 − mean)/std per channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
