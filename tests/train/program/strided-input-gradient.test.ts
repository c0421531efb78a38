/** Which pixels of a gradient and which taps of a kernel a pixel of the input sees, by phases of the stride. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConvGeometry } from '../../../ts/train/program/lower/geometry.js';
import { hasPhases, phasesOf } from '../../../ts/train/program/lower/strided-input-gradient.js';

const GRADIENT = 6;

/** [tap, pixel of the gradient] that the pixel at `p` of the input has a part in: output o reads p with tap t where o·stride − pad + t = p. */
function seen(p: number, kernel: number, stride: number, pad: number): number[][] {
  const pairs = Array.from({ length: kernel }, (_, tap) => [tap, (p + pad - tap) / stride] as const);
  return pairs.filter(([, pixel]) => Number.isInteger(pixel) && pixel >= 0 && pixel < GRADIENT).map((pair) => [...pair]);
}

test('phases are what the definition says', () => {
  for (const [kernel, stride] of [[1, 1], [2, 2], [3, 2], [4, 2], [5, 2], [3, 3], [5, 3], [7, 4]] as const) {
    for (let pad = 0; pad <= kernel; pad++) {
      phasesOf(kernel, stride, pad).forEach(({ tap, taps, first, last }, phase) => {
        assert.is(last - first + 1, taps);
        for (let place = 0; place < GRADIENT; place++) {
          // The first tap goes with the last pixel.
          const pairs = Array.from({ length: taps }, (_, i) => [tap + i * stride, place + last - i]).filter(([, pixel]) => pixel! >= 0 && pixel! < GRADIENT);
          assert.equal(pairs, seen(place * stride + phase, kernel, stride, pad), `kernel ${kernel}, stride ${stride}, pad ${pad}, phase ${phase}`);
        }
      });
    }
  }
});

test('phases of one size, of which a convolution can start', () => {
  const layer = (change: Partial<ConvGeometry>): ConvGeometry => ({
    batch: 1, inH: 8, inW: 8, inC: 16, outH: 4, outW: 4, outC: 16, kernelH: 3, kernelW: 3, strideH: 2, strideW: 2, padTop: 1, padLeft: 1, dilationH: 1, dilationW: 1, groups: 1, ...change,
  });
  assert.ok(hasPhases(layer({})));
  assert.ok(hasPhases(layer({ strideH: 1 })));
  assert.ok(hasPhases(layer({ kernelH: 2, kernelW: 2, padTop: 0, padLeft: 0 })));
  const others: readonly Partial<ConvGeometry>[] = [
    { strideH: 1, strideW: 1 }, { inH: 7 }, { inW: 9 }, { kernelH: 1 }, { kernelW: 1 }, { dilationH: 2 }, { dilationW: 2 }, { groups: 16 },
    // So much padding that the first pixel of a phase lies behind its own place: the convolution would start from a negative padding.
    { kernelH: 2 }, { kernelW: 2 }, { padTop: 3 }, { padLeft: 3 },
  ];
  for (const change of others) assert.not(hasPhases(layer(change)), JSON.stringify(change));
});

test.run();
