/**
 * node experiments/deploy.mjs SET [--arm interval] [--seed 1]: compiles what run.mjs trained (experiments/.runs/) to an integer-only network, runs it on all test
 * images, and adds the accuracy to experiments/results/SET/ARM-seedN.json as `deployed`, beside the last epoch's that training showed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, StepError, exitOnHelp, mainProgram } from '../scripts/process.mjs';
import { readData } from './data.mjs';
import { SETS } from './sets.mjs';

exitOnHelp(import.meta.url);

async function accuracyOf(graph, { images, labels, count, shape }) {
  const { createIntegerProgram } = await import('../dist/session/integer-program.js');
  const { createEngine } = await import('../dist/wasm/create-engine.js');
  const program = createIntegerProgram(await createEngine(), graph);
  const size = shape[0] * shape[1] * shape[2];
  let right = 0;
  for (let i = 0; i < count; i++) {
    const pixels = { kind: 'pixels', data: images.subarray(i * size, (i + 1) * size), channels: shape[2] };
    const logits = program.run(new Map([[program.inputs[0].name, pixels]])).get(program.outputs[0].name);
    if (logits.indexOf(Math.max(...logits)) === labels[i]) right++;
  }
  program.dispose();
  return right / count;
}

async function deploy(name, arm, seed) {
  await import('../dist/entry/node.js');
  const api = await import('../dist/entry/train-node.js');
  const set = SETS[name];
  const checkpoint = join(ROOT, 'experiments', '.runs', name, `${arm}-seed${seed}.safetensors`);
  if (!existsSync(checkpoint)) throw new StepError(`${checkpoint} is missing`, `node experiments/run.mjs ${name} --arm ${arm} --seed ${seed}`);
  const data = readData(set.data);
  const model = api[set.model]({ ...set.modelOptions, bits: set.arms[arm].bits });
  const trainer = await api.Trainer.resume(new Uint8Array(readFileSync(checkpoint)), model, { gradient: api[set.arms[arm].policy ?? 'minmax']() });
  const { accuracy: trained } = await trainer.evaluate(data.test);
  const { graph } = await trainer.compile(data.train);
  const deployed = await accuracyOf(graph, data.test);
  trainer.dispose();
  const path = join(ROOT, 'experiments', 'results', name, `${arm}-seed${seed}.json`);
  writeFileSync(path, `${JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), deployed: { trained, accuracy: deployed } })}\n`);
  console.log(`${name} ${arm}-seed${seed}: ${(100 * trained).toFixed(2)} % as trained, ${(100 * deployed).toFixed(2)} % in integers only`);
}

await mainProgram(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { arm: { type: 'string', default: 'interval' }, seed: { type: 'string', default: '1' } } });
  const [name] = positionals;
  if (!(name in SETS)) throw new StepError(`name one set: ${Object.keys(SETS).join(', ')}`);
  await deploy(name, values.arm, Number(values.seed));
});
