/**
 * Milliseconds of training steps in TensorFlow.js on its wasm backend, f32, one thread, as JSON on stdout: the small network, batch 64, SGD.
 *
 *   node tfjs-step.mjs FOLDER STEPS      FOLDER is where npm installed tfjs
 *
 * The backend has no kernel for the weight gradient of a convolution, so a user has to bring one; the one here is built from the backend's own pad, strided slice and
 * matrix product. It is a plausible workaround, not a tuned kernel.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { time } from '../peers/stopwatch.mjs';

const [folder, steps] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const tf = require('@tensorflow/tfjs');
const backend = require('@tensorflow/tfjs-backend-wasm');
const WARM_UP = 3;
/** As in dyadic-step.mjs. */
const WARM_UP_MS = 1000;
const BATCH = 64;

backend.setWasmPaths(join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');
await tf.ready();
tf.registerKernel({ kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc: ({ inputs, attrs }) => weightGradient(inputs.x, inputs.dy, attrs) });

/** One matrix product per tap of the kernel, between the pixels that the tap saw and the gradients. */
function weightGradient(x, gradient, { strides, filterShape }) {
  const [kernelH, kernelW, channels] = filterShape;
  const [strideH, strideW] = Array.isArray(strides) ? strides : [strides, strides];
  const [batch, height, width] = x.shape;
  const [, outH, outW, outC] = gradient.shape;
  return tf.tidy(() => {
    const [top, bottom] = samePads(height, outH, kernelH, strideH);
    const [left, right] = samePads(width, outW, kernelW, strideW);
    const picture = tf.pad(tf.engine().makeTensorFromTensorInfo(x), [[0, 0], [top, bottom], [left, right], [0, 0]]);
    const rows = tf.reshape(tf.engine().makeTensorFromTensorInfo(gradient), [batch * outH * outW, outC]);
    const taps = [];
    for (let ky = 0; ky < kernelH; ky++) {
      for (let kx = 0; kx < kernelW; kx++) {
        const seen = tf.stridedSlice(picture, [0, ky, kx, 0], [batch, ky + (outH - 1) * strideH + 1, kx + (outW - 1) * strideW + 1, channels], [1, strideH, strideW, 1]);
        taps.push(tf.matMul(tf.reshape(seen, [batch * outH * outW, channels]), rows, true, false));
      }
    }
    return tf.reshape(tf.concat(taps, 0), filterShape);
  });
}

function samePads(size, out, kernel, stride) {
  const total = Math.max((out - 1) * stride + kernel - size, 0);
  return [total >> 1, total - (total >> 1)];
}

const weights = {
  conv1: tf.variable(tf.randomNormal([3, 3, 1, 16], 0, Math.sqrt(2 / 9))),
  bias1: tf.variable(tf.zeros([16])),
  conv2: tf.variable(tf.randomNormal([3, 3, 16, 32], 0, Math.sqrt(2 / 144))),
  bias2: tf.variable(tf.zeros([32])),
  linear: tf.variable(tf.randomNormal([14 * 14 * 32, 10], 0, 0.01)),
  bias: tf.variable(tf.zeros([10])),
};
const inputs = tf.randomNormal([BATCH, 28, 28, 1]);
const labels = tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: BATCH }, (_, i) => i % 10), 'int32'), 10), 'float32');
const optimizer = tf.train.sgd(0.01);

function logits() {
  const first = tf.relu(tf.add(tf.conv2d(inputs, weights.conv1, 1, 'same'), weights.bias1));
  const second = tf.relu(tf.add(tf.conv2d(first, weights.conv2, 2, 'same'), weights.bias2));
  return tf.add(tf.matMul(tf.reshape(second, [BATCH, 14 * 14 * 32]), weights.linear), weights.bias);
}

const times = [];
const losses = [];

function step() {
  const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, logits()), true);
  losses.push(loss.dataSync()[0]);
  loss.dispose();
}

const begun = performance.now();
while (losses.length < WARM_UP || performance.now() - begun < WARM_UP_MS) step();
for (let i = 0; i < Number(steps); i++) times.push(await time(step));
process.stdout.write(`${JSON.stringify({ version: tf.version.tfjs, milliseconds: times, losses: [losses[0], losses.at(-1)] })}\n`);
