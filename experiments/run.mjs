/**
 * node experiments/run.mjs SET [--arm interval,f32] [--seed 1,2] [--epochs 10]: trains the arms of a set (sets.mjs) one after another, from ../shared/data.
 *
 * A run that was stopped goes on from its last epoch (experiments/.runs/); one that is done is not run again. What a run gave stays in
 * experiments/results/SET/ARM-seedN.json, from which `node experiments/table.mjs` writes experiments/RESULTS.md. Run `npm run build` first.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, exitOnHelp, mainProgram, StepError } from '../scripts/process.mjs';
import { readData } from './data.mjs';
import { SETS } from './sets.mjs';

exitOnHelp(import.meta.url);

const RUNS = join(ROOT, 'experiments', '.runs');
const RESULTS = join(ROOT, 'experiments', 'results');
/** Every so many steps the large gradients' error is measured too. */
const WATCH_EVERY = 50;

function readOptions() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { arm: { type: 'string' }, seed: { type: 'string' }, epochs: { type: 'string' } } });
  const set = SETS[positionals[0]];
  if (set === undefined || positionals.length !== 1) throw new StepError(`name one set: ${Object.keys(SETS).join(', ')}`);
  const arms = values.arm?.split(',') ?? Object.keys(set.arms);
  const unknown = arms.find((arm) => !(arm in set.arms));
  if (unknown !== undefined) throw new StepError(`no arm "${unknown}" in ${positionals[0]}; there are ${Object.keys(set.arms).join(', ')}`);
  return { name: positionals[0], set, arms, seeds: values.seed?.split(',').map(Number) ?? set.seeds, epochs: Number(values.epochs ?? set.epochs) };
}

function writeWhole(path, bytes) {
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** One line per layer and epoch: what the gradients of its last watched step looked like. */
function layerSummary(steps) {
  const names = steps.at(-1)?.map(({ layer }) => layer) ?? [];
  return names.map((layer, i) => {
    const all = steps.map((layers) => layers[i]);
    const watched = all.filter(({ largeError }) => largeError !== undefined);
    return {
      layer,
      gamma: mean(all.map(({ clip, maximum }) => (maximum === 0 ? 1 : clip / maximum))),
      clippedFraction: mean(all.map(({ clippedFraction }) => clippedFraction)),
      ...(watched.length === 0 ? {} : { largeError: mean(watched.map(({ largeError }) => largeError)), allError: mean(watched.map(({ allError }) => allError)) }),
    };
  });
}

async function train({ name, set, epochs }, armName, seed, data) {
  const api = await import('../dist/entry/train-node.js');
  const id = `${armName}-seed${seed}`;
  const resultPath = join(RESULTS, name, `${id}.json`);
  const checkpointPath = join(RUNS, name, `${id}.safetensors`);
  mkdirSync(join(RESULTS, name), { recursive: true });
  mkdirSync(join(RUNS, name), { recursive: true });
  const before = existsSync(resultPath) ? JSON.parse(readFileSync(resultPath, 'utf8')) : null;
  if ((before?.epochs.length ?? 0) >= epochs) return console.log(`${name} ${id}: done before, ${(100 * before.epochs.at(-1).accuracy).toFixed(2)} %`);
  const arm = set.arms[armName];
  const { kind, ...schedule } = set.schedule;
  const model = api[set.model]({ ...set.modelOptions, bits: arm.bits });
  const options = {
    loss: api.crossEntropy(),
    optimizer: { weights: api.sgd({ learningRate: set.learningRate, momentum: 0.9, weightDecay: 1e-4 }), intervals: api.adam({ learningRate: 1e-5 }) },
    schedule: api[kind](schedule),
    gradient: api[arm.policy ?? 'minmax'](),
    batch: set.batch,
    seed,
    augment: set.augment,
  };
  const resumed = before !== null && existsSync(checkpointPath);
  const trainer = resumed ? await api.Trainer.resume(new Uint8Array(readFileSync(checkpointPath)), model, { gradient: options.gradient }) : new api.Trainer(model, options);
  const record = resumed ? before : { set: name, arm: armName, seed, host: `node ${process.versions.node}, ${cpus()[0]?.model.trim()}`, batch: set.batch, epochs: [] };
  let checkpoint = null;
  let steps = [];
  let start = performance.now();
  const fit = trainer.fit(data.train, { epochs, validation: data.test, watch: { every: WATCH_EVERY, largeFraction: 1e-3 }, checkpoint: { save: ({ bytes }) => void (checkpoint = bytes) } });
  for await (const step of fit) {
    steps.push(step.layers);
    if (step.epochEnd === undefined) continue;
    const { epoch, loss, accuracy, validation } = step.epochEnd;
    const seconds = (performance.now() - start) / 1e3;
    record.flavour = trainer.engine?.flavour ?? record.flavour;
    record.epochs.push({ epoch, trainLoss: loss, trainAccuracy: accuracy, loss: validation.loss, accuracy: validation.accuracy, seconds, layers: layerSummary(steps) });
    // The checkpoint first: a result without it would be run again from the beginning, not twice.
    writeWhole(checkpointPath, checkpoint);
    writeWhole(resultPath, `${JSON.stringify(record)}\n`);
    console.log(`${name} ${id}: epoch ${epoch + 1} of ${epochs}, loss ${loss.toFixed(4)}, test ${(100 * validation.accuracy).toFixed(2)} %, ${seconds.toFixed(0)} s`);
    steps = [];
    start = performance.now();
  }
  trainer.dispose();
}

await mainProgram(async () => {
  const options = readOptions();
  const data = readData(options.set.data);
  for (const seed of options.seeds) for (const arm of options.arms) await train(options, arm, seed, data);
});
