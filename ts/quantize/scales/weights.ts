import type { LinearOp } from '../plan/plan.js';
import { clamp, roundHalfEven } from '../rounding.js';

/** Largest weight code: int8 keeps −128 out, int4 −8. */
export function weightLevels(bits: 4 | 8): number {
  return bits === 4 ? 7 : 127;
}

/** The weights of one output channel. */
export function channelWeights(op: LinearOp, channel: number): Float64Array {
  const size = op.weight.length / op.weightShape[0]!;
  return op.weight.subarray(channel * size, (channel + 1) * size);
}

/** The scale each output channel would have if scales were free: max|w|/levels, or the one of least squared error. 0 where all weights are 0. */
export function idealWeightScales(op: LinearOp, bits: 4 | 8, method: 'minmax' | 'mse'): Float64Array {
  const levels = weightLevels(bits);
  return Float64Array.from({ length: op.weightShape[0]! }, (_, c) => {
    const weights = channelWeights(op, c);
    let top = 0;
    for (const w of weights) top = Math.max(top, Math.abs(w));
    return method === 'mse' && top > 0 ? leastErrorScale(weights, top, levels) : top / levels;
  });
}

/** Tries limits from the largest magnitude down to 40 % of it in steps of 1 %. */
function leastErrorScale(weights: Float64Array, top: number, levels: number): number {
  let best = top / levels;
  let bestError = Infinity;
  for (let percent = 100; percent >= 40; percent--) {
    const scale = (top * percent) / 100 / levels;
    let error = 0;
    for (const w of weights) {
      const difference = w - clamp(roundHalfEven(w / scale), -levels, levels) * scale;
      error += difference * difference;
    }
    if (error < bestError) {
      best = scale;
      bestError = error;
    }
  }
  return best;
}

/** Writes the codes of one channel. */
export function quantizeChannel(weights: Float64Array, scale: number, levels: number, codes: Int8Array): void {
  for (let i = 0; i < codes.length; i++) codes[i] = clamp(roundHalfEven(weights[i]! / scale), -levels, levels);
}
