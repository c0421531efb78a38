/** The numbers that scripts/training-oracle.py and its tests put in: multiples of 2^−15 in [−1, 1). */
export function pseudoRandom(count: number, salt: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    let x = Math.imul(index + 1, 2654435761) + Math.imul(salt, 2246822519);
    x = Math.imul(x ^ (x >>> 15), 2246822519);
    x = Math.imul(x ^ (x >>> 13), 3266489917);
    return ((x >>> 16) / 32768 - 1) * scale;
  });
}
