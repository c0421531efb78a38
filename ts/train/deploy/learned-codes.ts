import type { FakeQuantizeAttributes } from '../../graph/graph.js';

/** What a code of a symmetric quantizer is worth, and which there are: ±(2^(bits−1) − 1) over [−interval, interval] (SPEC 7.3). */
export function symmetricCodes(interval: number, bits: number): FakeQuantizeAttributes {
  const top = 2 ** (bits - 1) - 1;
  return { scale: Math.fround(interval / top), range: [-top, top] };
}

/** Codes 0 to 2^bits − 1 over [0, interval]. */
export function unsignedCodes(interval: number, bits: number): FakeQuantizeAttributes {
  const top = 2 ** bits - 1;
  return { scale: Math.fround(interval / top), range: [0, top] };
}
