/** Networks of one convolution, at the sizes of known networks. */

const square = (name, inC, outC, size, window, stride, groups = 1) => ({ title: `${name} ${inC}→${outC} ${window}×${window} s${stride} ${size}²`, inC, outC, size, window, stride, groups });

/** MobileNetV2's depthwise layers at 224², the stems of ResNet, MobileNetV2 and CIFAR's ResNets, and 1×1 layers. */
export const LAYERS = [
  square('depthwise', 144, 144, 56, 3, 1, 144),
  square('depthwise', 144, 144, 56, 3, 2, 144),
  square('depthwise', 32, 32, 112, 3, 1, 32),
  square('depthwise', 960, 960, 7, 3, 1, 960),
  square('depthwise', 72, 72, 28, 5, 1, 72),
  square('stem', 3, 64, 224, 7, 2),
  square('stem', 3, 32, 224, 3, 2),
  square('stem', 3, 16, 32, 3, 1),
  square('stem', 1, 32, 28, 5, 1),
  square('1×1', 256, 64, 56, 1, 1),
  square('1×1', 64, 256, 56, 1, 1),
  square('1×1', 24, 144, 56, 1, 1),
];

/** The IntegerGraph of one layer: u8 codes, int8 weights, per-channel q15. */
export function layerGraph({ title, inC, outC, size, window, stride, groups }) {
  const pad = window >> 1;
  const out = Math.floor((size + 2 * pad - window) / stride) + 1;
  const each = inC / groups;
  const tensor = (dtype, shape, element) => {
    const count = shape.reduce((product, length) => product * length, 1);
    return { dtype, shape, data: (dtype === 'i32' ? Int32Array : Int8Array).from({ length: count }, (_, i) => element(i)) };
  };
  const value = (name, shape) => ({ name, dtype: 'u8', shape, scale: 1, zeroPoint: 0, range: [0, 255] });
  return {
    name: title,
    values: [value('x', [1, inC, size, size]), value('y', [1, outC, out, out])],
    inputs: [{ name: 'x', value: 0, preprocess: null }],
    outputs: [{ name: 'y', value: 1, softmax: null }],
    tensors: new Map([
      ['w', tensor('i8', [outC, each, window, window], (i) => ((i * 37) % 255) - 127)],
      ['bias', tensor('i32', [outC], (i) => i * 10)],
      ['b', tensor('i32', [outC], (i) => 16384 + i)],
    ]),
    operations: [
      {
        op: 'conv2d', name: 'y', inputs: [0], outputs: [1], weight: 'w', bias: 'bias', stride: [stride, stride], pads: [pad, pad, pad, pad], dilation: [1, 1], groups,
        requantization: { form: 'q15', shift: 10, multiplier: 'b' }, clamp: [0, 255],
      },
    ],
  };
}
