/** Steps that are refused, and steps whose buffers lie where they just may. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine } from '../../ts/wasm/engine.js';
import { Container, Form, KERNELS } from '../../ts/wasm/params.js';
import { instantiate } from '../../ts/wasm/abi.js';
import { WasmEngine } from '../../ts/wasm/wasm-engine.js';
import { FLAVOURS, engineOf, moduleBytes } from './flavours.js';
import { errorOf } from './error-of.js';
import { runKernel, runWords } from './run-kernel.js';

const steps = suite('steps');
const MAXIMUM_ADDRESS = 2 ** 31 - 1;

function fill(engine: Engine, outputOffset: number, count: number, value = 7): void {
  runKernel(engine, 'fill', { outputOffset, count, elementBytes: 1, value });
}

function copyBytes(engine: Engine, inputOffset: number, outputOffset: number, count: number): void {
  const requantize = { inputOffset, outputOffset, count, inContainer: Container.u8, inZeroPoint: 0, outContainer: Container.u8 };
  runKernel(engine, 'requantize', { ...requantize, form: Form.copy, shift: 0, left: 0, multiplier: 0, outZeroPoint: 0, lo: 0, hi: 255 });
}

steps('two engines share nothing', async () => {
  const [a, b] = [await engineOf('simd128'), await engineOf('scalar')];
  const [inA, inB] = [a.allocate(64), b.allocate(64)];
  assert.is(inA, inB, 'the same address in two memories');
  b.bytes(inB, 64).fill(1);
  fill(a, inA, 64, 9);
  assert.ok(a.bytes(inA, 64).every((byte) => byte === 9));
  assert.ok(b.bytes(inB, 64).every((byte) => byte === 1));
  assert.is(b.liveAllocations, 1);
});

steps('buffers flush against the end of memory, and not a byte beyond', async () => {
  for (const flavour of FLAVOURS) {
    const engine = await engineOf(flavour);
    engine.reserve(65_536);
    for (const count of [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100]) {
      const end = engine.memory.buffer.byteLength;
      const output = end - count;
      const input = end - 4096;
      engine.bytes(input, count).forEach((_, index, bytes) => (bytes[index] = (index * 37 + count) % 256));
      engine.bytes(output - 1, 1)[0] = 0xaa;
      copyBytes(engine, input, output, count);
      assert.equal([...engine.bytes(output, count)], [...engine.bytes(input, count)], `${flavour}, ${count}`);
      assert.is(engine.bytes(output - 1, 1)[0], 0xaa);
      copyBytes(engine, output, input, count);
      await errorOf('ERR_KERNEL', () => copyBytes(engine, output + 1, input, count));
      await errorOf('ERR_KERNEL', () => copyBytes(engine, input, output + 1, count));
    }
  }
});

steps('a refusal names kernel, field and reason', async () => {
  const engine = await engineOf('auto');
  const address = engine.allocate(256);
  const outside = await errorOf('ERR_KERNEL', () => fill(engine, MAXIMUM_ADDRESS, 1));
  assert.match(outside.message, /runInteger, step 0, fill: "outputOffset".*outOfBounds/);
  const number = await errorOf('ERR_KERNEL', () => runKernel(engine, 'fill', { outputOffset: address, count: 1, elementBytes: 3, value: 0 }));
  assert.match(number.message, /fill: "elementBytes".*outOfRange/);
  const overlap = await errorOf('ERR_KERNEL', () => copyBytes(engine, address, address + 31, 32));
  assert.match(overlap.message, /requantize: "outputOffset".*overlap/);
  copyBytes(engine, address, address + 32, 32);
});

steps("the module's own stack and data cannot be touched", async () => {
  const engine = await engineOf('auto');
  const kept = engine.bytes(0, 131_072).slice();
  for (const address of [0, 1, 4, 65_536, 131_071, 131_072]) {
    const error = await errorOf('ERR_KERNEL', () => fill(engine, address, 16, 0xff));
    assert.match(error.message, 'outOfBounds');
  }
  assert.is(engine.bytes(0, 65_536).findIndex((byte, index) => byte !== kept[index]), -1);
});

steps('scratch must be large enough, inside and apart', async () => {
  const engine = await engineOf('auto');
  const { fields, id } = KERNELS.fill;
  const address = engine.allocate(4 * fields.length + 8);
  const output = engine.allocate(64);
  engine.i32(address, fields.length).set([output, 64, 1, 0]);
  const table = address + 4 * fields.length;
  engine.i32(table, 2).set([id, address]);
  engine.runInteger(table, 0, 1, 0, 0);
  assert.match((await errorOf('ERR_KERNEL', () => engine.runInteger(table, 0, 1, output + 63, 64))).message, 'overlap');
  assert.match((await errorOf('ERR_KERNEL', () => engine.runInteger(table, 0, 1, MAXIMUM_ADDRESS, 64))).message, 'scratch');
  assert.match((await errorOf('ERR_KERNEL', () => engine.runInteger(table, 0, 1, output, -1))).message, 'scratch');
});

steps('tables and numbers of kernels that do not exist', async () => {
  const engine = await engineOf('auto');
  const nothing = new Int32Array(64);
  for (const id of [0, -1, 22, 31, 99, MAXIMUM_ADDRESS]) {
    assert.match((await errorOf('ERR_KERNEL', () => runWords(engine, id, nothing, false))).message, 'unknownKernel');
  }
  for (const table of [0, 3, -8, MAXIMUM_ADDRESS, 131_072]) {
    await errorOf('ERR_KERNEL', () => engine.runInteger(table, 0, 1, 0, 0));
    await errorOf('ERR_KERNEL', () => engine.runInteger(table, MAXIMUM_ADDRESS - 1, MAXIMUM_ADDRESS, 0, 0));
    await errorOf('ERR_KERNEL', () => engine.runFloat(table, -1, 1, 0, 0));
    await errorOf('ERR_KERNEL', () => engine.scratchBytes(table, -5, 1));
    engine.runInteger(table, 1, 1, 0, 0);
    engine.runInteger(table, 5, 1, 0, 0);
  }
});

steps('float kernels do not run in an integer run', async () => {
  const engine = await engineOf('auto');
  const address = engine.allocate(1024);
  const { id, fields } = KERNELS.clamp_f32;
  engine.i32(address, fields.length).set([address + 512, address + 768, 4, 0, 0x3f80_0000]);
  engine.i32(address + 256, 2).set([id, address]);
  assert.match((await errorOf('ERR_KERNEL', () => engine.runInteger(address + 256, 0, 1, 0, 0))).message, /clamp_f32.*unknownKernel/);
  engine.runFloat(address + 256, 0, 1, 0, 0);
});

steps('packed sizes', async () => {
  const engine = await engineOf('auto');
  assert.is(engine.packedChannels(9) % 8, 0);
  assert.ok(engine.packedConv2dBytes(3, 9, 3, 3) >= 3 * 9 * 9);
  assert.ok(engine.packedConv2dRelaxedBytes(3, 9, 3, 3) >= 3 * 9 * 9);
  assert.ok(engine.packedDepthwiseBytes(9, 3, 3) >= 2 * 9 * 9);
  assert.is(engine.packedWinogradF43Bytes(9, 9), 9 * 16 * 16);
  for (const bad of [0, -1, MAXIMUM_ADDRESS]) {
    await errorOf('ERR_ARGUMENT', () => engine.packedWinogradF43Bytes(bad, 1));
    await errorOf('ERR_ARGUMENT', () => engine.packedWinogradF43Bytes(8, bad));
    await errorOf('ERR_ARGUMENT', () => engine.packedConv2dBytes(bad, 1, 1, 1));
    await errorOf('ERR_ARGUMENT', () => engine.packedConv2dBytes(1 << 20, 1 << 20, bad, 1));
    await errorOf('ERR_ARGUMENT', () => engine.packedConv2dRelaxedBytes(bad, 1, 1, 1));
    await errorOf('ERR_ARGUMENT', () => engine.packedDepthwiseBytes(bad, 1, 1));
    await errorOf('ERR_ARGUMENT', () => engine.packedChannels(bad));
  }
});

steps('a trap ends the engine with a clear error', async () => {
  const abi = instantiate(new WebAssembly.Module(moduleBytes('scalar')), 'test');
  const trap = new WebAssembly.RuntimeError('unreachable');
  const run_integer = (): never => {
    throw trap;
  };
  const engine = new WasmEngine({ flavour: 'scalar', lowering: 'none', abi: { ...abi, run_integer } });
  const error = await errorOf('ERR_KERNEL', () => engine.runInteger(0, 0, 1, 0, 0));
  assert.is(error.cause, trap);
  assert.match((await errorOf('ERR_KERNEL', () => engine.scratchBytes(0, 0, 1))).message, 'make a new engine');
});

steps('floats that are no finite numbers are counted, in the arena only', async () => {
  for (const flavour of FLAVOURS) {
    const engine = await engineOf(flavour);
    const address = engine.allocate(4 * 9);
    engine.f32(address, 9).set([0, -0, 3e38, NaN, 1e-40, Infinity, -1, 2, -Infinity]);
    assert.equal([9, 8, 5, 3, 0].map((count) => engine.countNonFinite(address, count)), [3, 2, 1, 0, 0]);
    const end = engine.memory.buffer.byteLength;
    assert.is(engine.countNonFinite(end - 8, 2), 0);
    for (const [at, count] of [[end - 8, 3], [0, 1], [address, MAXIMUM_ADDRESS]] as const) {
      assert.match((await errorOf('ERR_ARGUMENT', () => engine.countNonFinite(at, count))).message, /countNonFinite/);
    }
  }
});

steps.run();
