/**
 * node experiments/pytorch-f32.mjs [--seed 1] [--epochs 30]: the f32 arm of cifar100 by PyTorch (Debian's python3-torch), three to four times as fast as ours.
 * Same network, data, augmentation and schedule; its own random numbers. Writes experiments/results/cifar100/pytorch-seedN.json.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ROOT, StepError, exitOnHelp, mainProgram } from '../scripts/process.mjs';
import { readData } from './data.mjs';
import { SETS } from './sets.mjs';

exitOnHelp(import.meta.url);

/** Debian's, where another python3 may come first on the path. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const RAW = join(ROOT, 'experiments', '.runs', 'raw');
const RESULTS = join(ROOT, 'experiments', 'results', 'cifar100');

function writeRaw(data) {
  mkdirSync(RAW, { recursive: true });
  for (const [name, { images, labels }] of Object.entries(data)) {
    writeFileSync(join(RAW, `${name}.bin`), images);
    writeFileSync(join(RAW, `${name}-labels.bin`), new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
}

async function train(seed, epochs) {
  const script = join(ROOT, 'experiments', 'pytorch-f32.py');
  const python = spawn(PYTHON, [script, RAW, String(epochs), String(seed), '100'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((resolve, reject) => python.once('close', resolve).once('error', reject));
  const record = { set: 'cifar100', arm: 'pytorch', seed, host: `python3-torch, ${cpus()[0]?.model.trim()}`, batch: SETS.cifar100.batch, epochs: [] };
  const path = join(RESULTS, `pytorch-seed${seed}.json`);
  mkdirSync(RESULTS, { recursive: true });
  for await (const line of createInterface({ input: python.stdout })) {
    record.epochs.push(JSON.parse(line));
    writeFileSync(`${path}.part`, `${JSON.stringify(record)}\n`);
    renameSync(`${path}.part`, path);
    const { epoch, trainLoss, accuracy, seconds } = record.epochs.at(-1);
    console.log(`cifar100 pytorch-seed${seed}: epoch ${epoch + 1} of ${epochs}, loss ${trainLoss.toFixed(4)}, test ${(100 * accuracy).toFixed(2)} %, ${seconds.toFixed(0)} s`);
  }
  const status = await closed;
  if (status !== 0) throw new StepError(`PyTorch ended with ${status}`, 'apt-get install python3-torch');
}

await mainProgram(async () => {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, epochs: { type: 'string', default: String(SETS.cifar100.epochs) } } });
  writeRaw(readData('cifar100'));
  await train(Number(values.seed), Number(values.epochs));
});
