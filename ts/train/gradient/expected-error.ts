/**
 * What quantization with a clip does to |G|/max, expected over the noise of stochastic rounding, from the histogram of |G|/max. Inside a bin the
 * density counts as constant, and the integrals over it are exact; so bins may be wider than a code.
 *
 * With the step d = c/(2^(b−1) − 1), the stochastic code of x ≤ c has mean x and variance d²·f·(1 − f), f the fraction of x/d; beyond c the code is c.
 */

/** Σ over the gradients, in units of max² where squared. */
export interface ExpectedMoments {
  /** E Σ (g − ĝ)² */
  readonly squaredError: number;
  /** E Σ g·ĝ */
  readonly product: number;
  /** E Σ ĝ² */
  readonly quantizedSquare: number;
  /** Σ g² */
  readonly square: number;
}

/** ∫ f(1 − f) from 0 to t, f the fraction of the variable: a sixth per whole step. */
function varianceUpTo(t: number): number {
  const whole = Math.floor(t);
  const f = t - whole;
  return whole / 6 + f * f * (0.5 - f / 3);
}

/** ∫ x² from a to b. */
function squareBetween(a: number, b: number): number {
  return (b * b * b - a * a * a) / 3;
}

/** @param clip in (0, 1]: the clip over max|G|. */
export function expectedMoments(histogram: Int32Array, clip: number, bits: number): ExpectedMoments {
  const bins = histogram.length;
  const step = clip / (2 ** (bits - 1) - 1);
  let [variance, clipError, product, clippedSquare, square] = [0, 0, 0, 0, 0];
  for (let bin = 0; bin < bins; bin++) {
    const density = (histogram[bin] as number) * bins;
    if (density === 0) continue;
    const [from, to] = [bin / bins, (bin + 1) / bins];
    const [inside, outside] = [Math.min(to, clip), Math.max(from, clip)];
    square += density * squareBetween(from, to);
    if (from < inside) {
      variance += density * step * step * step * (varianceUpTo(inside / step) - varianceUpTo(from / step));
      product += density * squareBetween(from, inside);
      clippedSquare += density * squareBetween(from, inside);
    }
    if (outside < to) {
      clipError += density * squareBetween(outside - clip, to - clip);
      product += density * clip * ((to * to - outside * outside) / 2);
      clippedSquare += density * clip * clip * (to - outside);
    }
  }
  return { squaredError: variance + clipError, product, quantizedSquare: clippedSquare + variance, square };
}
