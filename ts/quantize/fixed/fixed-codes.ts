/** Codes that are fixed before the quantizer sees a network: those that training, or the quantizer of a QDQ file, chose (DESIGN §3.1). */

/** The codes that a layer reads: real = scale · code. Everywhere in the quantizer codes are counted from their zero point; only what is written down has it added. */
export interface FixedCodes {
  readonly scale: number;
  /** At most 255 apart, 0 among them. */
  readonly range: readonly [number, number];
}

/** A layer's weights: w = code · scale · factors[channel], the factors being a batch norm behind the layer. */
export interface FixedWeights {
  /** Row-major, of the layer's weight shape. */
  readonly codes: Int8Array;
  readonly scale: number;
  /** Largest magnitude of a code. */
  readonly levels: number;
  /** One per output channel; may be negative or 0. */
  readonly factors: Float64Array;
}

export function sameCodes(a: FixedCodes, b: FixedCodes): boolean {
  return a.scale === b.scale && a.range[0] === b.range[0] && a.range[1] === b.range[1];
}
