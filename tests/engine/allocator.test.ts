/** The arena: addresses, counts, growth and what happens when there is no more. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALIGNMENT, Allocator } from '../../ts/wasm/allocator.js';
import { engineOf } from './flavours.js';
import { errorOf } from './error-of.js';

const allocator = suite('allocator');

/** A memory that grows by pages of 4096 bytes up to `limit`. */
function growing(limit: number): { allocator: Allocator; grown: () => number } {
  let end = 4096;
  const grow = (bytes: number): { begin: number; end: number } | undefined => {
    const begin = end;
    const next = begin + Math.ceil(bytes / 4096) * 4096;
    if (next > limit) return undefined;
    end = next;
    return { begin, end };
  };
  return { allocator: new Allocator(grow), grown: () => end - 4096 };
}

allocator('blocks are aligned, apart and counted', () => {
  const { allocator: arena } = growing(1 << 20);
  const [a, b, c] = [arena.allocate(0), arena.allocate(1), arena.allocate(65)];
  for (const address of [a, b, c]) assert.is(address % ALIGNMENT, 0);
  assert.equal([b - a, c - b], [64, 64]);
  assert.equal([arena.liveBytes, arena.liveAllocations], [256, 3]);
  [b, a, c].forEach((address) => arena.free(address));
  assert.equal([arena.liveBytes, arena.liveAllocations], [0, 0]);
});

allocator('freed neighbours join, so that the first fit takes the first address again', () => {
  const { allocator: arena, grown } = growing(1 << 20);
  const blocks = [1024, 1024, 1024, 1024].map((bytes) => arena.allocate(bytes));
  for (const index of [2, 0, 1, 3]) arena.free(blocks[index] as number);
  assert.is(arena.allocate(4096), blocks[0]);
  assert.is(grown(), 4096);
});

allocator('growth continues a free block at the end of memory', () => {
  const { allocator: arena, grown } = growing(1 << 20);
  const first = arena.allocate(1024);
  arena.free(first);
  assert.is(arena.allocate(8192), first);
  assert.is(grown(), 8192);
});

allocator('reserve makes room and gives nothing away', () => {
  const { allocator: arena, grown } = growing(1 << 20);
  arena.reserve(20_000);
  const before = grown();
  assert.equal([arena.liveBytes, arena.liveAllocations], [0, 0]);
  arena.allocate(20_000);
  assert.is(grown(), before);
});

allocator('what cannot be had is ERR_MEMORY and changes nothing', async () => {
  const { allocator: arena } = growing(4096 * 5);
  const kept = arena.allocate(4096);
  await errorOf('ERR_MEMORY', () => arena.allocate(1 << 20));
  await errorOf('ERR_MEMORY', () => arena.reserve(1 << 20));
  assert.equal([arena.liveBytes, arena.liveAllocations], [4096, 1]);
  arena.free(kept);
  arena.free(arena.allocate(8192));
});

allocator('freeing twice, or what was never given, is an error', async () => {
  const { allocator: arena } = growing(1 << 20);
  const address = arena.allocate(10);
  arena.free(address);
  await errorOf('ERR_ARGUMENT', () => arena.free(address));
  await errorOf('ERR_ARGUMENT', () => arena.free(12_345));
  for (const bytes of [-1, 0.5, NaN, Infinity, '8' as never]) await errorOf('ERR_ARGUMENT', () => arena.allocate(bytes));
});

allocator('a thousand random requests never overlap', () => {
  const { allocator: arena } = growing(1 << 26);
  const live = new Map<number, number>();
  let state = 7;
  const next = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
  for (let round = 0; round < 1000; round += 1) {
    if (live.size > 0 && next(5) < 2) {
      const address = [...live.keys()][next(live.size)] as number;
      arena.free(address);
      live.delete(address);
      continue;
    }
    const bytes = 1 + next(5000);
    const address = arena.allocate(bytes);
    for (const [other, size] of live) assert.ok(address + bytes <= other || other + size <= address, `round ${round}`);
    live.set(address, bytes);
  }
  for (const address of live.keys()) arena.free(address);
  assert.equal([arena.liveBytes, arena.liveAllocations], [0, 0]);
});

allocator('an engine without memory stays usable', async () => {
  const engine = await engineOf('auto');
  for (const bytes of [2 ** 32, 2 ** 32 - 1, 2 ** 40]) await errorOf('ERR_MEMORY', () => engine.allocate(bytes));
  await errorOf('ERR_MEMORY', () => engine.reserve(2 ** 33));
  const address = engine.allocate(100);
  engine.bytes(address, 100).fill(7);
  engine.free(address);
  assert.equal([engine.liveBytes, engine.liveAllocations], [0, 0]);
});

allocator('views outside the memory or unaligned are refused', async () => {
  const engine = await engineOf('auto');
  const end = engine.memory.buffer.byteLength;
  assert.is(engine.bytes(end - 1, 1).length, 1);
  await errorOf('ERR_ARGUMENT', () => engine.bytes(end, 1));
  await errorOf('ERR_ARGUMENT', () => engine.bytes(-1, 1));
  await errorOf('ERR_ARGUMENT', () => engine.i32(end - 6, 1));
  await errorOf('ERR_ARGUMENT', () => engine.f32(0, end));
});

allocator.run();
