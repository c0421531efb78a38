/** What is measured of ResNet-18 besides its speed: time outside of convolutions, memory of its weights, time of loading. */
import { createIntegerProgram } from '../../../dist/session/integer-program.js';
import { encodeDyad, importOnnx, load, quantize } from '../../../dist/index.js';
import { createEngine } from '../../../dist/wasm/create-engine.js';
import { profile } from '../../profile-network.mjs';
import { architectureOnnx } from '../architecture-onnx.mjs';
import { architecture, samplePictures } from '../architectures.mjs';
import { median } from '../statistics.mjs';

const RUNS = 15;
const LOADS = 7;

const made = new Map();

/** ResNet-18 at a precision; made once. */
async function resnet18(type) {
  if (!made.has(type)) {
    const graph = await importOnnx(architectureOnnx(architecture('resnet18'), null));
    made.set(type, (await quantize(graph, samplePictures(2), { bits: type === 'int4' ? 'w4a4' : 'w8a8' })).graph);
  }
  return made.get(type);
}

const facts = {
  /** Percent of the operations' time that is neither a convolution's nor the dense layer's. */
  async unfused({ type, flavour }) {
    const { operations } = await profile(await resnet18(type), { runs: RUNS, flavour });
    const sum = (list) => list.reduce((total, { milliseconds }) => total + milliseconds, 0);
    return (100 * sum(operations.filter(({ operation }) => operation.weight === undefined))) / sum(operations);
  },

  /** Bytes that the weights of a Program hold while nothing runs, by their number: what they take in int8. */
  async weights({ type, memory, flavour }) {
    const graph = await resnet18(type);
    const weights = graph.operations.filter(({ weight }) => weight !== undefined).map(({ weight }) => graph.tensors.get(weight).data.length);
    const program = createIntegerProgram(await createEngine(undefined, { flavour }), graph, { memory });
    const input = graph.values[graph.inputs[0].value];
    program.run(new Map([[graph.inputs[0].name, { kind: 'f32', data: new Float32Array(input.shape.reduce((a, b) => a * b)) }]]));
    const ratio = program.weightBytes / weights.reduce((total, count) => total + count, 0);
    program.dispose();
    return ratio;
  },

  /** Milliseconds of load and of what the first run takes longer than the next ones, per MB of the file: packing may wait until then. */
  async load({ type, flavour }) {
    const bytes = encodeDyad(await resnet18(type));
    const [picture] = samplePictures(1);
    const timed = (run) => {
      const start = performance.now();
      run();
      return performance.now() - start;
    };
    const times = [];
    for (let i = 0; i < LOADS; i++) {
      const start = performance.now();
      const model = await load(bytes, { flavour });
      const loading = performance.now() - start;
      const run = () => model.run(picture).dispose();
      const first = timed(run);
      times.push(loading + first - median([timed(run), timed(run), timed(run)]));
      model.dispose();
    }
    return median(times) / (bytes.length / 1e6);
  },
};

/** The value of one fact of suite/rows.mjs. */
export function fact({ ask, ...question }) {
  return facts[ask](question);
}
