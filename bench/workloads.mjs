/** What is timed, and how command-line words name it. */

/** Operand types by mode: codes of the input, of the weights and of the output (SPEC 1.1). */
export const TYPES = {
  n8: { input: [0, 127], weight: [-127, 127], output: [0, 127] },
  w8a8: { input: [0, 255], weight: [-127, 127], output: [0, 255] },
  w4a8: { input: [0, 255], weight: [-7, 7], output: [0, 255] },
  w4a4: { input: [0, 15], weight: [-7, 7], output: [0, 15] },
};

/** The four 3×3 shapes of ResNet-18 and 34, and the square product that everyone reports. */
export const DEFAULTS = [
  { kernel: 'gemm', shape: [512, 512, 512] },
  { kernel: 'conv3x3', shape: [64, 56, 56] },
  { kernel: 'conv3x3', shape: [128, 28, 28] },
  { kernel: 'conv3x3', shape: [256, 14, 14] },
  { kernel: 'conv3x3', shape: [512, 7, 7] },
];

/** A dense layer is the convolution kernel on rows: M pixels of K channels, 1×1, N output channels. */
export function geometry({ kernel, shape }) {
  const [a, b, c] = shape;
  if (kernel === 'gemm') return { inH: a, inW: 1, inC: c, outC: b, window: 1, pad: 0 };
  return { inH: b, inW: c, inC: a, outC: a, window: 3, pad: 1 };
}

/** Multiply-accumulates of the layer as it is defined, taps in the padding included. */
export function macs({ inH, inW, inC, outC, window }) {
  return inH * inW * outC * inC * window * window;
}

/** "conv3x3 64×56×56 w8a8" */
export function title({ kernel, shape }, type) {
  return `${kernel} ${shape.join('×')} ${type}`;
}

/** "64x56x56": channels × height × width of a 3×3 convolution, or M × N × K of a product. */
export function parseShape(text) {
  const shape = text.split(/[x×]/i).map(Number);
  return shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0 && size <= 8192) ? shape : null;
}
