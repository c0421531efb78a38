/** Two i4 codes in a byte (SPEC 1.4). */
export function packNibbles(codes: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < codes.length; i++) {
    bytes[i >> 1] = (bytes[i >> 1] ?? 0) | (((codes[i] ?? 0) & 15) << ((i & 1) * 4));
  }
  return bytes;
}
