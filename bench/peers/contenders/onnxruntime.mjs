/** onnxruntime-web (its wasm backend) and onnxruntime-node (native, the line of sight), one thread each. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onnxInput, onnxReader, onnxWorkload } from '../onnx-models.mjs';

const TYPES = ['f32', 'int8'];

function webRuntime(require, folder) {
  const ort = require('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = pathToFileURL(join(folder, 'node_modules/onnxruntime-web/dist/')).href;
  return { ort, session: { executionProviders: ['wasm'] } };
}

function nativeRuntime(require) {
  return { ort: require('onnxruntime-node'), session: { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' } };
}

export async function open(name, folder) {
  const require = createRequire(join(folder, 'package.json'));
  const { ort, session } = name === 'onnxruntime-web' ? webRuntime(require, folder) : nativeRuntime(require);
  ort.env.logLevel = 'error';
  const options = { ...session, graphOptimizationLevel: 'all', logSeverityLevel: 3 };
  return {
    types: TYPES,
    build: (shape, type, copies, settings) => build(ort, options, { shape, type, copies, ...settings }),
    network: (bytes, shape) => network(ort, options, bytes, shape),
  };
}

async function build(ort, options, { shape, type, copies, whole }) {
  const { bytes, inputShape } = onnxWorkload(shape, type, copies, { whole });
  const session = await ort.InferenceSession.create(bytes, options);
  const feeds = { input: new ort.Tensor(type === 'f32' ? 'float32' : 'uint8', onnxInput(shape, type), inputShape) };
  return {
    run: () => session.run(feeds),
    read: async () => onnxReader(shape, (await session.run(feeds)).whole0.data),
    dispose: () => session.release(),
  };
}

/** A network from its file; `run` gives the first output of one f32 input. */
async function network(ort, options, bytes, shape) {
  const session = await ort.InferenceSession.create(bytes, options);
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return {
    run: async (data) => (await session.run({ [input]: new ort.Tensor('float32', data, shape) }))[output].data,
    dispose: () => session.release(),
  };
}
