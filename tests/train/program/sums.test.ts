/** Sums of codes fit an i32 (SPEC 7.1), or the layer is refused by name. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSums } from '../../../ts/train/program/lower/integer-convolution.js';
import { slabCount } from '../../../ts/train/program/lower/integer-weight-gradient.js';
import { Container } from '../../../ts/wasm/params.js';
import { refusal } from '../../engine/error-of.js';

const GEOMETRY = { batch: 1, inH: 1, inW: 1, inC: 16, outH: 1, outW: 1, outC: 16, kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, padTop: 1, padLeft: 1, dilationH: 1, dilationW: 1, groups: 1 };
const U8 = { container: Container.u8, bits: 8 };
const I8 = { container: Container.i8, bits: 8 };
const U4 = { container: Container.u8, bits: 4 };
const I4 = { container: Container.i8, bits: 4 };

test('a slab has as many images as an i32 holds, and no fewer', () => {
  const images = (sizes: object, [a, g]: readonly (typeof U8)[], factor: number): number => slabCount('layer', a!, g!, { ...GEOMETRY, ...sizes }, factor);
  assert.is(images({ batch: 128, outH: 32, outW: 32 }, [U4, I4], 4), 1);
  // 255 · 127 · 66311 is the last product below 2^31.
  assert.is(images({ batch: 5, outW: 66_311 }, [U8, I8], 1), 5);
  assert.is(images({ batch: 5, outW: 33_155 }, [U8, I8], 1), 3);
  assert.is(images({ batch: 6, outW: 33_155 }, [U8, I8], 1), 3);
  // 15 · 7 · 4 · 5113056 likewise: without the factor one slab would do.
  assert.is(images({ batch: 4, outW: 5_113_056 }, [U4, I4], 4), 4);
  assert.is(images({ batch: 4, outW: 5_113_056 }, [U4, I4], 1), 1);
  assert.is(images({ batch: 2, outW: 133_144 }, [I8, I8], 1), 2);
});

test('an image with too many pixels, a kernel with too many products are refused', () => {
  const image = refusal(() => slabCount('conv1 weight gradient sums', U8, I8, { ...GEOMETRY, outW: 66_312 }, 1));
  assert.equal([image.code, image.op, image.expected, image.received], ['ERR_ARGUMENT', 'conv1 weight gradient sums', 'at most 66311 pixels of output with so many bits: sums have 32 bits', '66312']);
  const layer = (inC: number, groups = 1) => ({ label: 'linear sums', input: U8, weightBits: 8, geometry: { ...GEOMETRY, kernelH: 1, kernelW: 1, inC, groups } });
  checkSums(layer(66_311));
  checkSums(layer(132_622, 2));
  assert.is(refusal(() => checkSums(layer(66_312))).received, '66312');
  assert.is(refusal(() => checkSums({ ...layer(7368), geometry: { ...GEOMETRY, inC: 7368 } })).received, '66312');
});

test.run();
