/**
 * One contender in a process of its own, so that runtimes do not disturb each other. Answers the messages of ../suite one at a time:
 * `prepare` builds a workload in a slot, verifies it and warms it up; `sample` times a slot for a while; `release` lets all of them go.
 */
import { architectureOnnx } from './architecture-onnx.mjs';
import { architectureTflite } from './architecture-tflite.mjs';
import { architecture, samplePictures } from './architectures.mjs';
import { modelBytes, networkInput } from './networks.mjs';
import { verify } from './reference.mjs';
import { time } from './stopwatch.mjs';
import { copiesOf } from './workloads.mjs';

const WARM_UP_MS = 200;

const [module, name, folder] = process.argv.slice(2);
let contender;
/** What is prepared: { one, many } by slot. */
const slots = new Map();

async function prepareWorkload({ shape, type, memory }) {
  const whole = await contender.build(shape, type, 1, { whole: true, memory });
  verify(shape, type, await whole.read(), { exact: contender.exact === true });
  await whole.dispose();
  const one = await contender.build(shape, type, 1, { whole: false, memory });
  const many = await contender.build(shape, type, copiesOf(shape, type), { whole: false, memory });
  return { models: { one, many }, answer: { steps: one.steps } };
}

async function prepareNetwork({ data, network, path, type, memory }) {
  const { samples, shape } = networkInput(data, network);
  return runner(await contender.network(modelBytes(path), shape, { type, memory }, samples), samples[0]);
}

/** A network with random weights: everyone writes it down in the format that it reads. Ours takes the float one and quantizes it. */
async function prepareArchitecture({ architecture: name, scales, type, memory }) {
  const net = architecture(name);
  const samples = samplePictures(2);
  const quantized = type === 'f32' || contender.exact === true ? null : new Map(scales);
  const bytes = contender.flatbuffers === undefined ? architectureOnnx(net, quantized) : architectureTflite(contender.flatbuffers, net, quantized);
  return runner(await contender.network(bytes, [1, ...net.shapes.get('x')], { type, memory }, samples), samples[0]);
}

async function runner(model, sample) {
  const run = () => model.run(sample);
  const logits = Array.from(await run());
  return { models: { one: { run, dispose: () => model.dispose() } }, answer: { logits } };
}

async function warmUp(models) {
  const start = performance.now();
  do {
    for (const model of Object.values(models)) await model.run();
  } while (performance.now() - start < WARM_UP_MS);
}

const handlers = {
  async open(options) {
    const { open } = await import(`./contenders/${module}.mjs`);
    contender = await open(name, folder, options);
    const { types, variant = null, host = null, network, flatbuffers } = contender;
    return { types, variant, host, networks: network !== undefined, readsFiles: network !== undefined && flatbuffers === undefined };
  },
  async prepare({ slot, ...job }) {
    const prepare = job.architecture !== undefined ? prepareArchitecture : job.path === undefined ? prepareWorkload : prepareNetwork;
    const { models, answer } = await prepare(job);
    slots.set(slot, models);
    await warmUp(models);
    return answer;
  },
  /** Milliseconds of runs with one copy and with many, by turns; a network has only the one. */
  async sample({ slot, milliseconds }) {
    const models = slots.get(slot);
    const one = [];
    const many = [];
    // The others have had the caches meanwhile.
    for (const model of Object.values(models)) await model.run();
    const start = performance.now();
    do {
      one.push(await time(models.one.run));
      if (models.many !== undefined) many.push(await time(models.many.run));
    } while (performance.now() - start < milliseconds);
    return { one, many };
  },
  async release() {
    const models = [...slots.values()].flatMap((slot) => Object.values(slot));
    slots.clear();
    for (const model of models) await model.dispose();
  },
  /** GMAC/s of an instruction in registers, in this process, so on its core. */
  peak: async ({ instruction }) => (await import('../peak.mjs')).measurePeak(instruction),
  /** What only ours is asked: see facts in contenders/dyadic.mjs. */
  fact: async (question) => contender.fact(question),
};

// What runtimes print belongs to stderr: stdout is for results.
console.log = console.info = console.error;

process.on('disconnect', () => process.exit());
process.on('message', async ({ request, ...argument }) => {
  try {
    process.send({ result: (await handlers[request](argument)) ?? null });
  } catch (error) {
    process.send({ error: String(error?.message ?? error).slice(0, 500) });
  }
});
