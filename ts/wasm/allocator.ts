/** Addresses in the arena: first fit over the free blocks, which are kept sorted and joined. */
import { DyadicError } from '../errors.js';

/** Every block begins at a multiple of this: one cache line, four vectors. */
export const ALIGNMENT = 64;

/** Bytes [begin, end). */
interface Block {
  begin: number;
  end: number;
}

/** Gives the address of at least `bytes` new bytes at the end of memory and where they end; undefined if the host has no more. */
export type Grow = (bytes: number) => Block | undefined;

export class Allocator {
  readonly #grow: Grow;
  /** Ascending, no two adjacent, each a multiple of ALIGNMENT at both ends. */
  readonly #free: Block[] = [];
  /** Size by address, for every block that was given and not freed. */
  readonly #live = new Map<number, number>();
  #liveBytes = 0;

  constructor(grow: Grow) {
    this.#grow = grow;
  }

  /** Bytes that are given and not freed, alignment included. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  get liveAllocations(): number {
    return this.#live.size;
  }

  /** Makes sure that `bytes` in one piece are free; throws ERR_MEMORY and changes nothing if they cannot be had. */
  reserve(bytes: number): void {
    this.#fit(roundUp(checkSize('reserve', bytes)));
  }

  /** An address of its own even for 0 bytes. Throws ERR_MEMORY and changes nothing if they cannot be had. */
  allocate(bytes: number): number {
    const size = Math.max(roundUp(checkSize('allocate', bytes)), ALIGNMENT);
    const index = this.#fit(size);
    const block = this.#free[index] as Block;
    const address = block.begin;
    block.begin += size;
    if (block.begin === block.end) this.#free.splice(index, 1);
    this.#live.set(address, size);
    this.#liveBytes += size;
    return address;
  }

  free(address: number): void {
    const size = this.#live.get(address);
    if (size === undefined) {
      throw new DyadicError('ERR_ARGUMENT', { op: 'free', argument: 'address', expected: 'an address that allocate() gave and that was not freed', received: String(address) });
    }
    this.#live.delete(address);
    this.#liveBytes -= size;
    this.#release({ begin: address, end: address + size });
  }

  /** Index of the first free block of at least `size` bytes, grown if there is none. */
  #fit(size: number): number {
    const fits = (block: Block): boolean => block.end - block.begin >= size;
    const index = this.#free.findIndex(fits);
    if (index >= 0) return index;
    // New memory continues the last block if that reaches the end of memory; asking for the difference keeps growth small.
    const last = this.#free.at(-1);
    const missing = last === undefined ? size : size - (last.end - last.begin);
    this.#release(this.#more(missing, size));
    const grown = this.#free.findIndex(fits);
    if (grown >= 0) return grown;
    this.#release(this.#more(size, size));
    return this.#free.findIndex(fits);
  }

  #more(bytes: number, wanted: number): Block {
    const block = this.#grow(bytes);
    if (block !== undefined) return block;
    throw new DyadicError('ERR_MEMORY', { op: 'allocate', expected: `${wanted} bytes of memory`, received: `no more than the ${this.#liveBytes} in use` });
  }

  /** Puts a block in its place and joins it with its neighbours. */
  #release(block: Block): void {
    let index = this.#free.findIndex((other) => other.begin > block.begin);
    if (index < 0) index = this.#free.length;
    const before = this.#free[index - 1];
    const after = this.#free[index];
    const joinsBefore = before?.end === block.begin;
    const joinsAfter = after?.begin === block.end;
    const begin = joinsBefore ? before.begin : block.begin;
    const end = joinsAfter ? after.end : block.end;
    this.#free.splice(joinsBefore ? index - 1 : index, Number(joinsBefore) + Number(joinsAfter), { begin, end });
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function checkSize(op: string, bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new DyadicError('ERR_ARGUMENT', { op, argument: 'bytes', expected: 'an integer ≥ 0', received: String(bytes) });
}
