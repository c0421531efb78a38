/** LiteRT.js (XNNPACK), one thread: its relaxed-SIMD build where the engine has relaxed SIMD, else its plain one. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tfliteInput, tfliteWorkload } from '../tflite-models.mjs';

/** A module whose one function executes i32x4.relaxed_dot_i8x16_i7x16_add_s. */
const RELAXED_DOT = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 147, 2, 26, 11,
);

/** LiteRT.js is made for browsers' workers: it asks for `self` and `importScripts`. */
function pretendToBeAWorker() {
  globalThis.self = globalThis;
  globalThis.importScripts = (path) => {
    const file = String(path);
    const module = { exports: {} };
    const load = new Function('exports', 'module', 'require', '__filename', '__dirname', readFileSync(file, 'utf8'));
    load(module.exports, module, createRequire(pathToFileURL(file)), file, dirname(file));
    globalThis.ModuleFactory = module.exports;
  };
}

export async function open(_name, folder) {
  const require = createRequire(join(folder, 'package.json'));
  const flatbuffers = require('flatbuffers');
  const core = join(folder, 'node_modules/@litertjs/core');
  const relaxed = WebAssembly.validate(RELAXED_DOT);
  pretendToBeAWorker();
  const litert = await import(pathToFileURL(join(core, 'dist/index.js')).href);
  await litert.loadLiteRt(join(core, 'wasm', relaxed ? 'litert_wasm_internal.js' : 'litert_wasm_compat_internal.js'));
  return {
    types: ['f32', 'int8'],
    variant: relaxed ? 'relaxed SIMD' : 'plain SIMD',
    build: (shape, type, copies, { whole }) => build(litert, flatbuffers, { shape, type, copies, whole }),
    flatbuffers,
    network: (bytes, shape) => network(litert, bytes, shape),
  };
}

/** A network from its bytes; `run` takes one picture [1][C][H][W] and gives its logits. LiteRT reads NHWC. */
async function network(litert, bytes, [, channels, height, width]) {
  const model = await litert.loadAndCompile(bytes, { accelerator: 'wasm', cpuOptions: { numThreads: 1 } });
  const pixels = new Float32Array(channels * height * width);
  let given;
  let input;
  const feed = (data) => {
    if (given === data) return;
    input?.delete();
    for (let c = 0; c < channels; c++) for (let i = 0; i < height * width; i++) pixels[i * channels + c] = data[c * height * width + i];
    input = new litert.Tensor(pixels, [1, height, width, channels]);
    given = data;
  };
  return {
    run: async (data) => {
      feed(data);
      const outputs = await model.run(input);
      const logits = outputs[0].toTypedArray().slice();
      outputs.forEach((output) => output.delete());
      return logits;
    },
    dispose: () => {
      input?.delete();
      model.delete();
    },
  };
}

async function build(litert, flatbuffers, { shape, type, copies, whole }) {
  const { bytes, inputShape, scale } = tfliteWorkload(flatbuffers, shape, type, copies, { whole });
  const model = await litert.loadAndCompile(bytes, { accelerator: 'wasm', cpuOptions: { numThreads: 1 } });
  const input = new litert.Tensor(tfliteInput(shape, type), inputShape);
  const { outW, outC } = shape;
  return {
    run: async () => (await model.run(input)).forEach((output) => output.delete()),
    read: async () => {
      const outputs = await model.run(input);
      const data = outputs[0].toTypedArray().slice();
      outputs.forEach((output) => output.delete());
      return (y, x, channel) => data[(y * outW + x) * outC + channel] / scale;
    },
    dispose: () => {
      input.delete();
      model.delete();
    },
  };
}
