/** Where every logical element of a value lies. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { elementCount, rowMajorStrides } from '../../ts/graph/shape.js';
import { activationLayout, channelStride, forEachRun, isRowMajor, rowMajorLayout, type Layout } from '../../ts/session/layout.js';
import { Container } from '../../ts/wasm/params.js';

const test = suite('layout');

test('channels are padded to 4, then to multiples of 16', () => {
  assert.equal([1, 3, 4, 5, 16, 17, 64, 65].map(channelStride), [4, 4, 4, 16, 16, 32, 64, 80]);
});

test('an image is NHWC, i16 takes two bytes', () => {
  const layout = activationLayout([1, 5, 2, 3], Container.i16);
  assert.equal(layout.strides, [96, 1, 48, 16]);
  assert.is(layout.elements, 96);
  assert.is(layout.elementBytes, 2);
});

test('every other rank is row-major', () => {
  for (const shape of [[7], [2, 3], [1, 2, 3], [1, 2, 3, 4, 5]]) {
    const layout = activationLayout(shape, Container.u8);
    assert.equal(layout.strides, rowMajorStrides(shape));
    assert.ok(isRowMajor(layout));
  }
});

test('an image of one pixel and 16 channels is row-major too, one with pad channels is not', () => {
  assert.ok(isRowMajor(activationLayout([1, 16, 1, 1], Container.u8)));
  assert.not.ok(isRowMajor(activationLayout([1, 10, 1, 1], Container.u8)));
  assert.not.ok(isRowMajor(activationLayout([1, 16, 2, 1], Container.u8)));
  assert.not.ok(isRowMajor(activationLayout([2, 3, 1, 1], Container.u8)));
});

/** Every element's offset, in row-major order; asserts that runs follow each other. */
function offsetsOf(layout: Layout): { offsets: number[]; runs: number } {
  const offsets: number[] = [];
  let runs = 0;
  forEachRun(layout, (offset, index, length, stride) => {
    assert.is(index, offsets.length);
    for (let i = 0; i < length; i++) offsets.push(offset + i * stride);
    runs++;
  });
  return { offsets, runs };
}

test('elements are visited in row-major order, each at its own place, one run per channel', () => {
  for (const [batch, channels, height, width] of [[2, 3, 2, 2], [1, 3, 5, 7], [1, 17, 3, 1], [1, 16, 1, 4], [3, 1, 2, 2], [2, 5, 1, 1]] as const) {
    const layout = activationLayout([batch, channels, height, width], Container.u8);
    const { offsets, runs } = offsetsOf(layout);
    const pixel = channelStride(channels);
    const expected: number[] = [];
    for (let n = 0; n < batch; n++) for (let c = 0; c < channels; c++) for (let at = 0; at < height * width; at++) expected.push((n * height * width + at) * pixel + c);
    assert.equal(offsets, expected);
    assert.is(new Set(offsets).size, elementCount(layout.shape));
    assert.ok(runs <= batch * channels, `${runs} runs`);
  }
});

test('row-major values are one run; so is one element; none is none', () => {
  for (const shape of [[2, 1, 3], [4], [2, 3, 4, 5, 6], [1], []]) {
    const { offsets, runs } = offsetsOf(rowMajorLayout(shape, Container.i8));
    assert.equal([offsets, runs], [Array.from({ length: elementCount(shape) }, (_, i) => i), 1]);
  }
  assert.equal(offsetsOf(rowMajorLayout([0, 3], Container.i8)), { offsets: [], runs: 0 });
});

test.run();
