/** Pseudo-random numbers that are the same on every host: xoshiro128** (Blackman and Vigna 2018), one stream per seed and name (SPEC 7.6). */

/** 64 bits as two u32: low, high. */
export type Seed = readonly [number, number];

const GOLDEN = 0x9e3779b9;

export class RandomStream {
  readonly #state: Uint32Array;

  /** The stream called `name`: other names, or more of them, do not change it. */
  constructor(seed: Seed, name: string) {
    const hash = fnv1a(name);
    const word = (index: number): number => mix(mix(mix(seed[0] ^ Math.imul(GOLDEN, index + 1)) + seed[1]) + hash);
    this.#state = Uint32Array.of(word(0), word(1), word(2), word(3));
    if (this.#state.every((value) => value === 0)) this.#state[0] = 1;
  }

  /** 32 random bits, 0 to 2^32 − 1. */
  next(): number {
    const state = this.#state;
    const [a, b, c, d] = state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const third = c ^ a;
    const fourth = d ^ b;
    state[0] = a ^ fourth;
    state[1] = b ^ third;
    state[2] = third ^ (b << 9);
    state[3] = rotateLeft(fourth, 11);
    return result;
  }

  /** Uniform in [0, 1), a multiple of 2^−32. */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  /** Uniform among 0 … bound − 1, without bias; bound in [1, 2^32]. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = this.next();
      if (value < limit) return value % bound;
    }
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** The finalizer of MurmurHash3: a bijection of u32. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a of the UTF-8 bytes, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
