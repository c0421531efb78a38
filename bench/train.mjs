/**
 * npm run bench -- --only train: training steps, ours against PyTorch's and TensorFlow.js's in the same run, and the integer weight gradient against the register peak.
 * One thread, one core, by turns; medians. Rows have the shape of the other benchmarks', with an aim where one was set.
 *
 * ResNet-20 at batch 128 meets PyTorch (f32, one thread) if /usr/bin/python3 or python3 has torch; the small network at batch 64 meets
 * tfjs-backend-wasm with a user-written weight gradient, installed into tests/.cache/peers. A peer that is not there is named and left out.
 *
 *   --rounds 3     turns per contender       --steps 8    steps per turn
 *   --node 24      in another Node           --flavour …  as in npm run bench
 *   --json         {"rows":[…],"kernels":[…]} on stdout, nothing else
 *   --save         also into bench/results/<date>-<cpu>-<host>-train.json
 */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { attempt } from '../scripts/process.mjs';
import { isOtherNode, runInNode } from './other-node.mjs';
import { installPeer } from './peers/install.mjs';
import { PINNING } from './peers/process.mjs';
import { judged } from './suite/aims.mjs';
import { hostFacts } from './suite/host.mjs';
import { printRows, save, summary } from './suite/report.mjs';
import { FACTS, TRAININGS, factRow, gradientRow, trainingRow } from './train/rows.mjs';
import { trains } from './train/losses.mjs';

const FOLDER = fileURLToPath(new URL('train/', import.meta.url));
/** Batch of the weight gradients: the smallest that the aims speak of. */
const GRADIENT_BATCH = 8;

/** Runs a script on one core; its last line is JSON. Throws with its words. */
function ask(program, args) {
  const [file, ...rest] = PINNING === null ? [program, ...args] : [...PINNING, program, ...args];
  const { ok, stdout, stderr } = attempt(file, rest);
  if (!ok) throw new Error(stderr.trim().split('\n').at(-1) || `${program} failed`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function turn(program, args, steps) {
  const result = ask(program, args);
  const [first, last] = result.losses;
  if (!trains(first, last, steps)) throw new Error(`the loss went from ${first} to ${last}: it does not train`);
  return result;
}

/** Every contender: a name, and what runs one turn of it. */
function contenders({ steps, flavour }, log) {
  const node = (script, ...args) => () => turn(process.execPath, [join(FOLDER, script), ...args], steps);
  const list = TRAININGS.map(({ workload }) => ({ name: workload, run: node('dyadic-step.mjs', workload, steps, flavour) }));
  const python = ['/usr/bin/python3', 'python3'].find((program) => attempt(program, ['-c', 'import torch']).ok);
  if (python === undefined) log('PyTorch is left out: no python3 here has torch');
  else list.push({ name: 'pytorch', run: () => turn(python, [join(FOLDER, 'pytorch-step.py'), steps], steps) });
  try {
    list.push({ name: 'tfjs', run: node('tfjs-step.mjs', installPeer('tfjs-training', log), steps) });
  } catch (error) {
    log(`tfjs is left out: ${error.message}`);
  }
  return list;
}

/** What every contender answered, by its name. */
function measure(options, log) {
  const turns = new Map();
  const list = contenders(options, log);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { name, run } of list) {
      log(`round ${round + 1}: ${name}`);
      turns.set(name, [...(turns.get(name) ?? []), run()]);
    }
  }
  return turns;
}

/** Weight gradients of 3×3 layers by the kernel that a training program takes. */
function gradients(log) {
  log('weight gradients');
  try {
    return ask(process.execPath, [fileURLToPath(new URL('train-kernels.mjs', import.meta.url)), '--json', '--kernel', 'dW F', '--batch', String(GRADIENT_BATCH)]);
  } catch (error) {
    return { peak: null, rows: [], missing: error.message };
  }
}

function readOptions() {
  const text = (value) => ({ type: 'string', default: value });
  const flag = { type: 'boolean', default: false };
  try {
    const { values } = parseArgs({ options: { only: text('train'), rounds: text('3'), steps: text('8'), flavour: text('auto'), node: { type: 'string' }, json: flag, save: flag } });
    for (const key of ['rounds', 'steps']) {
      if (!/^[1-9]\d{0,3}$/.test(values[key])) throw new Error(`--${key}: expected a whole number from 1 to 9999, received "${values[key]}"`);
    }
    return values;
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n`);
    return process.exit(2);
  }
}

export function trainCommand() {
  const options = readOptions();
  if (isOtherNode(options.node)) return runInNode(options.node);
  const log = (text) => process.stderr.write(`${text}\n`);
  build();
  const turns = measure(options, log);
  const { flavour, lowering } = turns.get(TRAININGS[0].workload)[0];
  const host = { ...hostFacts(), flavour, lowering, pinned: PINNING !== null };
  const found = gradients(log);
  const made = [...TRAININGS.map((row) => trainingRow(row, turns)), ...gradientRow(found), ...FACTS.map((row) => factRow(row, turns))];
  const find = (id) => made.find(({ row }) => row.id === id)?.row;
  const rows = made.map(({ row, aims }) => ({ ...judged(row, aims, find, host), ...host }));
  const kernels = TRAININGS.slice(0, 2).flatMap(({ workload }) => turns.get(workload).at(-1).kernels.map((kernel) => ({ workload, ...kernel })));
  if (options.save) log(`saved ${save({ kernels, rows }, host, '-train')}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ rows, kernels })}\n`);
  else print(host, rows, kernels);
}

function print({ host, engine, cpu, flavour, lowering, pinned }, rows, kernels) {
  console.log(`${host}, ${engine}, ${cpu}, flavour ${flavour} (${lowering}), one thread${pinned ? ', pinned to one core' : ''}`);
  console.log('our images/s, then each peer and in brackets ours ÷ theirs\n');
  printRows(rows);
  for (const workload of new Set(kernels.map((kernel) => kernel.workload))) {
    console.log(`\n${workload}, kernel by kernel`);
    for (const { kernel, milliseconds, calls, share } of kernels.filter((entry) => entry.workload === workload)) {
      console.log(`${kernel.padEnd(48)}${milliseconds.toFixed(2).padStart(9)} ms${String(calls).padStart(6)} calls${(100 * share).toFixed(1).padStart(7)} %`);
    }
  }
  console.log(summary(rows));
}
