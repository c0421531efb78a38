/** What is trained: networks, shapes, bits. */
import { BatchNorm2d, Conv2d, Flatten, GlobalAvgPool, Linear, MaxPool2d, ReLU, Sequential, cnn, resnet20 } from '../../dist/train/index.js';

const BITS = { weight: 4, activation: 4, gradient: 4 };

/** Four convolutions of 64 channels behind the first: how far integers get where convolutions are larger. */
function vgg64(bits) {
  const layer = (inputs, layerBits) => [new Conv2d({ in: inputs, out: 64, kernel: 3, padding: 1, bias: false, bits: layerBits }), new BatchNorm2d(64), new ReLU()];
  return new Sequential(
    ...layer(3, null), ...layer(64, bits), new MaxPool2d({ kernel: 2 }), ...layer(64, bits), ...layer(64, bits), new MaxPool2d({ kernel: 2 }), ...layer(64, bits),
    new GlobalAvgPool(), new Flatten(), new Linear({ in: 64, out: 10 }),
  );
}

export const WORKLOADS = {
  'resnet20 int4': { shape: [128, 32, 32, 3], classes: 100, make: () => resnet20({ classes: 100, bits: BITS }) },
  'resnet20 f32': { shape: [128, 32, 32, 3], classes: 100, make: () => resnet20({ classes: 100, bits: null }) },
  'cnn int4': { shape: [64, 28, 28, 1], classes: 10, make: () => cnn({ classes: 10, bits: BITS, batchNorm: false }) },
  'cnn f32': { shape: [64, 28, 28, 1], classes: 10, make: () => cnn({ classes: 10, bits: null, batchNorm: false }) },
  'vgg64 int4': { shape: [64, 32, 32, 3], classes: 10, make: () => vgg64(BITS) },
  'vgg64 f32': { shape: [64, 32, 32, 3], classes: 10, make: () => vgg64(null) },
};
