/** Tensors: copies, shapes, whose memory, and the end of it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Tensor } from '../../ts/tensor/tensor.js';
import { errorOf } from '../engine/error-of.js';
import { engineOf } from '../engine/flavours.js';

const test = suite('tensor');

test('the element type follows from the array', () => {
  const arrays = [new Float32Array(2), new Int32Array(2), new Int16Array(2), new Int8Array(2), new Uint8Array(2)];
  assert.equal(arrays.map((data) => Tensor.from(data, [2]).dtype), ['f32', 'i32', 'i16', 'i8', 'u8']);
});

test('it copies in and copies out', () => {
  const data = Int16Array.of(1, -2, 3, 4, 5, 6);
  const tensor = Tensor.from(data, [2, 3]);
  data[0] = 99;
  const out = tensor.toArray();
  assert.equal(out, Int16Array.of(1, -2, 3, 4, 5, 6));
  out[1] = 77;
  assert.is(tensor.toArray()[1], -2);
  assert.equal(tensor.shape, [2, 3]);
  assert.is(tensor.size, 6);
});

test('what does not fit is refused by name', async () => {
  const shape = await errorOf('ERR_SHAPE', () => Tensor.from(new Float32Array(5), [2, 3]));
  assert.match(shape.message, /5 elements.*\[2, 3\], 6 elements/);
  await errorOf('ERR_SHAPE', () => Tensor.from(new Float32Array(2), [-1, -2]));
  await errorOf('ERR_SHAPE', () => Tensor.from(new Float32Array(2), [1.5]));
  await errorOf('ERR_SHAPE', () => Tensor.from(new Float32Array(1), undefined as unknown as number[]));
  const dtype = await errorOf('ERR_DTYPE', () => Tensor.from(new Float64Array(2) as unknown as Float32Array, [2]));
  assert.match(dtype.message, /Float64Array/);
  await errorOf('ERR_DTYPE', () => Tensor.from([1, 2] as unknown as Float32Array, [2]));
});

test('a scalar and an empty tensor', () => {
  assert.is(Tensor.from(Float32Array.of(3), []).size, 1);
  assert.is(Tensor.from(new Float32Array(0), [0, 3]).size, 0);
});

test('disposed once, refused ever after, disposed again without harm', async () => {
  const tensor = Tensor.from(Float32Array.of(1), [1]);
  tensor.dispose();
  tensor.dispose();
  assert.ok(tensor.disposed);
  await errorOf('ERR_DISPOSED', () => tensor.toArray());
});

test('a tensor in an arena frees it, once', async () => {
  const engine = await engineOf('scalar');
  const before = engine.liveAllocations;
  const tensor = Tensor.inArena(engine, Float32Array.of(1, 2, 3), [3]);
  const other = Tensor.inArena(engine, Float32Array.of(4), [1]);
  engine.reserve(64 * 65536);
  assert.equal(tensor.toArray(), Float32Array.of(1, 2, 3), 'also after the memory grew');
  assert.is(engine.liveAllocations, before + 2);
  tensor.dispose();
  tensor.dispose();
  assert.is(engine.liveAllocations, before + 1);
  assert.equal(other.toArray(), Float32Array.of(4));
  other[Symbol.dispose]();
  assert.is(engine.liveAllocations, before);
  assert.is(engine.liveBytes, 0);
});

test.run();
