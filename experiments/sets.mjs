/** What is compared with what: one model, one schedule and one batch size per set; arms differ by the gradient quantizer or the bits alone. */

const INT4 = { weight: 4, activation: 4, gradient: 4 };
const INT8 = { weight: 8, activation: 8, gradient: 8 };

/** An arm at 4/4/4 with a gradient policy of dyadic/train. */
const int4 = (policy) => ({ bits: INT4, policy });

export const SETS = {
  fashion: {
    title: 'Fashion-MNIST, `cnn` (16 and 32 channels, batch norm), all 60,000 training and 10,000 test images',
    data: 'fashion-mnist',
    model: 'cnn',
    modelOptions: { classes: 10, channels: 1 },
    epochs: 10,
    batch: 128,
    seeds: [1, 2, 3],
    learningRate: 0.05,
    schedule: { kind: 'cosine', epochs: 10 },
    augment: {},
    arms: { f32: { bits: null }, interval: int4('interval'), minmax: int4('minmax'), mse: int4('mse'), dsgc: int4('dsgc'), dai8: int4('dai8') },
  },
  cifar100: {
    title: 'CIFAR-100, ResNet-20, flips and crops with 4 pixels of padding, all 50,000 training and 10,000 test images',
    data: 'cifar100',
    model: 'resnet20',
    modelOptions: { classes: 100 },
    epochs: 30,
    batch: 128,
    seeds: [1],
    learningRate: 0.1,
    // The paper's 160 epochs with steps at 80 and 120, shortened in proportion.
    schedule: { kind: 'multiStep', at: [15, 22.5] },
    augment: { horizontalFlip: true, cropPadding: 4 },
    arms: { interval: int4('interval'), minmax: int4('minmax'), f32: { bits: null }, int8: { bits: INT8, policy: 'interval' } },
  },
};
