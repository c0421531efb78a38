/**
 * One contender in a process of its own, so that runtimes do not disturb each other. Answers the messages of run.mjs one at a time:
 * `prepare` builds a workload, verifies it and warms it up; `sample` times it for a while; `release` lets it go.
 */
import { architectureOnnx } from './architecture-onnx.mjs';
import { architectureTflite } from './architecture-tflite.mjs';
import { architecture, samplePictures } from './architectures.mjs';
import { modelBytes, networkInput } from './networks.mjs';
import { verify } from './reference.mjs';
import { time } from './stopwatch.mjs';
import { COPIES, workload } from './workloads.mjs';

const WARM_UP_MS = 300;

const [module, name, folder] = process.argv.slice(2);
let contender;
let current;

async function prepareWorkload({ id, type }) {
  const shape = workload(id);
  const whole = await contender.build(shape, type, 1, { whole: true });
  verify(shape, type, await whole.read(), { exact: contender.exact === true });
  await whole.dispose();
  const one = await contender.build(shape, type, 1, { whole: false });
  const many = await contender.build(shape, type, COPIES, { whole: false });
  current = { one, many };
}

async function prepareNetwork({ data, network, path, type }) {
  const { samples, shape } = networkInput(data, network);
  const model = await contender.network(modelBytes(path), shape, type, samples);
  const run = () => model.run(samples[0]);
  const logits = Array.from(await run());
  current = { one: { run, dispose: () => model.dispose() } };
  return { logits };
}

/** A network with random weights: everyone writes it down in the format that it reads. Ours takes the float one and quantizes it. */
async function prepareArchitecture({ architecture: name, scales, type }) {
  const net = architecture(name);
  const samples = samplePictures(2);
  const quantized = type === 'f32' || contender.exact === true ? null : new Map(scales);
  const bytes = contender.flatbuffers === undefined ? architectureOnnx(net, quantized) : architectureTflite(contender.flatbuffers, net, quantized);
  const model = await contender.network(bytes, [1, ...net.shapes.get('x')], type, samples);
  const run = () => model.run(samples[0]);
  const logits = Array.from(await run());
  current = { one: { run, dispose: () => model.dispose() } };
  return { logits };
}

async function warmUp() {
  const start = performance.now();
  do {
    for (const model of Object.values(current)) await model.run();
  } while (performance.now() - start < WARM_UP_MS);
}

const handlers = {
  async open() {
    const { open } = await import(`./contenders/${module}.mjs`);
    contender = await open(name, folder);
    return { types: contender.types, variant: contender.variant ?? null, networks: contender.network !== undefined, readsFiles: contender.network !== undefined && contender.flatbuffers === undefined };
  },
  async prepare(job) {
    const prepare = job.architecture !== undefined ? prepareArchitecture : job.path === undefined ? prepareWorkload : prepareNetwork;
    const answer = await prepare(job);
    await warmUp();
    return answer;
  },
  /** Milliseconds of runs with one copy and with many, by turns; a network has only the one. */
  async sample({ milliseconds }) {
    const one = [];
    const many = [];
    // The others have had the caches meanwhile.
    for (const model of Object.values(current)) await model.run();
    const start = performance.now();
    do {
      one.push(await time(current.one.run));
      if (current.many !== undefined) many.push(await time(current.many.run));
    } while (performance.now() - start < milliseconds);
    return { one, many };
  },
  async release() {
    for (const model of Object.values(current ?? {})) await model.dispose();
    current = undefined;
  },
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
