/** Which dot product a convolution or dense layer without groups multiplies by (DESIGN §3.2). */
import type { IntegerTensor, IntegerValue } from '../../integer/integer-graph.js';
import type { Lowering } from '../../wasm/engine.js';
import { Dot } from '../../wasm/params.js';

/** For depthwise layers, whose kernel multiplies by activations second only: as {@link chooseDot}, but weights of 4 bits are like any others. */
export function chooseDepthwiseDot(lowering: Lowering, input: Pick<IntegerValue, 'range' | 'zeroPoint'>): Dot | null {
  return chooseDot(lowering, input, { dtype: 'i8' });
}

/** The dot product of bytes that is right for these operands on this engine; null: products of i16, which are always right. */
export function chooseDot(lowering: Lowering, input: Pick<IntegerValue, 'range' | 'zeroPoint'>, weights: Pick<IntegerTensor, 'dtype'>): Dot | null {
  if (lowering === 'none') return null;
  const [lo, hi] = input.range;
  const isSevenBits = lo >= 0 && hi <= 127 && input.zeroPoint >= 0 && input.zeroPoint <= 127;
  // These two mean the same on every engine, so they go before those that were only probed.
  if (isSevenBits) return Dot.i7;
  if (weights.dtype === 'i4') return Dot.w4;
  if (lowering === 'vpdpbusd') return Dot.usdot;
  return lowering === 'sdot' ? Dot.sdot : null;
}
