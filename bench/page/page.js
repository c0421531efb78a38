/**
 * The kernels and networks of `npm run bench` in this browser. Serve the repository's root, built, and open /bench/page/index.html;
 * `?only=gemm` runs the rows or groups whose id matches. `window.result` holds the rows at the end.
 */
import '../../dist/entry/browser.js';
import { createEngine } from '../../dist/wasm/create-engine.js';
import { peakFile, peakOf } from '../peak-loop.mjs';
import { architectureOnnx } from '../peers/architecture-onnx.mjs';
import { architecture, samplePictures } from '../peers/architectures.mjs';
import { network } from '../peers/contenders/dyadic-network.mjs';
import { build } from '../peers/contenders/dyadic-workload.mjs';
import { checkLogits } from '../peers/logits.mjs';
import { verify } from '../peers/reference.mjs';
import { summarize } from '../peers/statistics.mjs';
import { copiesOf } from '../peers/workloads.mjs';
import { fastestInstruction } from '../suite/instruction.mjs';
import { ARCHITECTURE_NETWORKS, KERNELS, select } from '../suite/rows.mjs';
import { addRow, setFacts, setState } from './view.js';

const WARM_UP_MS = 200;
const SAMPLE_MS = 300;

function time(model) {
  const start = performance.now();
  model.run();
  return performance.now() - start;
}

/** Runs all models for a while, by turns, and returns the times of each. */
function sample(models, milliseconds) {
  const times = models.map(() => []);
  const start = performance.now();
  do models.forEach((model, i) => times[i].push(time(model)));
  while (performance.now() - start < milliseconds);
  return { one: times[0], many: times[1] ?? [] };
}

function timed(models, copies) {
  sample(models, WARM_UP_MS);
  const { milliseconds } = summarize([sample(models, SAMPLE_MS)], copies);
  models.forEach((model) => model.dispose());
  return milliseconds;
}

async function kernelRow({ shape }, { type, memory }) {
  const whole = await build(shape, type, 1, { whole: true });
  verify(shape, type, whole.read(), { exact: true });
  whole.dispose();
  const copies = copiesOf(shape, type);
  const models = [await build(shape, type, 1, { whole: false, memory }), await build(shape, type, copies, { whole: false, memory })];
  const { steps } = models[0];
  const milliseconds = timed(models, copies);
  return { value: shape.macs / 1e6 / milliseconds, unit: 'GMAC/s', milliseconds, gmacs: 1, ...steps };
}

const logits = new Map();

async function networkRow({ id, network: name }, { type, memory }) {
  const net = architecture(name);
  const samples = samplePictures(2);
  const make = (kind) => network(architectureOnnx(net, null), { type: kind, memory, flavour: 'auto' }, samples);
  const model = await make(type);
  if (!logits.has(name)) {
    const float = type === 'f32' ? model : await make('f32');
    logits.set(name, float.run(samples[0]));
    if (float !== model) float.dispose();
  }
  checkLogits(id, type, model.run(samples[0]), logits.get(name));
  const milliseconds = timed([{ run: () => model.run(samples[0]), dispose: () => model.dispose() }], 1);
  return { value: 1000 / milliseconds, unit: 'images/s', milliseconds, gmacs: net.macs / 1e9, verified: type !== 'int4' };
}

const modules = new Map();

/** GMAC/s in registers; null where nobody has built the loops. */
async function peak(instruction) {
  if (!modules.has(instruction)) {
    const response = await fetch(`/${peakFile(instruction)}`);
    modules.set(instruction, response.ok ? await WebAssembly.compile(await response.arrayBuffer()) : null);
  }
  const module = modules.get(instruction);
  return module === null ? null : peakOf(module, instruction);
}

async function measure(job, row, engine) {
  const peakOf = fastestInstruction(row.type, engine);
  const before = await peak(peakOf);
  // Thousand millions of multiplications that one of the row's unit stands for.
  const { gmacs, ...figures } = await (job.kind === 'kernel' ? kernelRow(job, row) : networkRow(job, row));
  const after = await peak(peakOf);
  const most = before === null ? null : Math.max(before, after) / gmacs;
  const peers = { peer: null, peerVersion: null, peerType: null, peerValue: null, peerRatio: null, peers: [] };
  return { id: row.id, work: `${job.id} ${row.variant}`, verified: true, ...figures, peak: most, peakOf: most === null ? null : peakOf, ratio: most === null ? null : figures.value / most, ...peers, aims: [], reached: null };
}

async function runAll() {
  const jobs = select([...KERNELS, ...ARCHITECTURE_NETWORKS], new RegExp(new URLSearchParams(location.search).get('only') ?? ''));
  const { flavour, lowering } = await createEngine();
  const engine = { flavour, lowering };
  setFacts({ ...engine, peak: await peak(fastestInstruction('int8', engine)), peakOf: fastestInstruction('int8', engine) });
  const rows = [];
  const count = jobs.reduce((sum, job) => sum + job.rows.length, 0);
  for (const job of jobs) {
    for (const row of job.rows) {
      setState(`Row ${rows.length + 1} of ${count}: ${row.id}`);
      // Lets the page paint.
      await new Promise((resolve) => setTimeout(resolve));
      rows.push({ ...(await measure(job, row, engine)), ...engine });
      addRow(row, rows.at(-1));
    }
  }
  return rows;
}

try {
  const rows = await runAll();
  setState(`Done: ${rows.length} rows, every answer verified${rows.every(({ verified }) => verified) ? '' : ' but those of 4-bit networks with random weights, which are far from float'}.`);
  window.result = { rows };
} catch (error) {
  setState(`${error}`);
  window.result = { error: `${error?.stack ?? error}` };
}
