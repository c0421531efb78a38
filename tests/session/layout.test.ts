/** Where every logical element of a value lies. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { elementCount, rowMajorStrides } from '../../ts/graph/shape.js';
import { activationLayout, channelStride, forEachElement, isRowMajor, rowMajorLayout } from '../../ts/session/layout.js';
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

test('elements are visited in row-major order, each at its own place', () => {
  const layout = activationLayout([2, 3, 2, 2], Container.u8);
  const offsets: number[] = [];
  forEachElement(layout, (offset, index) => {
    assert.is(index, offsets.length);
    offsets.push(offset);
  });
  const expected: number[] = [];
  for (let n = 0; n < 2; n++) for (let c = 0; c < 3; c++) for (let h = 0; h < 2; h++) for (let w = 0; w < 2; w++) expected.push(n * 16 + h * 8 + w * 4 + c);
  assert.equal(offsets, expected);
  assert.is(new Set(offsets).size, elementCount(layout.shape));
});

test('row-major offsets count up', () => {
  const offsets: number[] = [];
  forEachElement(rowMajorLayout([2, 1, 3], Container.i8), (offset) => offsets.push(offset));
  assert.equal(offsets, [0, 1, 2, 3, 4, 5]);
});

test.run();
