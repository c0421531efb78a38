/** TensorFlow.js on its wasm backend: SIMD, one thread, f32 only. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inputAs, inputCodes, weightCodes, weightsAs } from '../workloads.mjs';

export async function open(_name, folder) {
  const require = createRequire(join(folder, 'package.json'));
  const tf = require('@tensorflow/tfjs-core');
  const backend = require('@tensorflow/tfjs-backend-wasm');
  backend.setWasmPaths(join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');
  await tf.ready();
  return { types: ['f32'], build: (shape, _type, copies) => build(tf, shape, copies) };
}

function weightTensor(tf, shape, copy) {
  const { op, inC, outC, window, groups } = shape;
  const codes = weightCodes(shape, 'f32', copy);
  if (op === 'gemm') return tf.tensor(weightsAs('hwio', shape, codes, Float32Array, 1 / 128), [inC, outC]);
  if (groups > 1) return tf.tensor(weightsAs('hwoi', shape, codes, Float32Array, 1 / 128), [window, window, outC, 1]);
  return tf.tensor(weightsAs('hwio', shape, codes, Float32Array, 1 / 128), [window, window, inC, outC]);
}

function operation(tf, { op, stride, groups }) {
  if (op === 'gemm') return (input, weight) => tf.matMul(input, weight);
  return groups > 1 ? (input, weight) => tf.depthwiseConv2d(input, weight, stride, 'same') : (input, weight) => tf.conv2d(input, weight, stride, 'same');
}

function build(tf, shape, copies) {
  const { op, inC, inH, inW, outC, outW } = shape;
  const input = tf.tensor(inputAs('hwc', shape, inputCodes(shape, 'f32'), Float32Array, 1 / 128), op === 'gemm' ? [inH, inC] : [1, inH, inW, inC]);
  const weights = Array.from({ length: copies }, (_, copy) => weightTensor(tf, shape, copy));
  const apply = operation(tf, shape);
  // The first operation on a weight brings it into the wasm memory.
  for (const weight of weights) apply(input, weight).dispose();
  return {
    run: () => {
      for (const weight of weights) apply(input, weight).dispose();
    },
    read: () => {
      const output = apply(input, weights[0]);
      const data = output.dataSync();
      output.dispose();
      return (y, x, channel) => data[(y * outW + x) * outC + channel];
    },
    dispose: () => [input, ...weights].forEach((tensor) => tensor.dispose()),
  };
}
