/**
 * npm run bench -- --only train: training steps, ours against PyTorch's and TensorFlow.js's in the same run. One thread, one core, by turns; medians.
 *
 * ResNet-20 at batch 128 meets PyTorch (f32, one thread) if /usr/bin/python3 or python3 has torch; the small network at batch 64 meets
 * tfjs-backend-wasm with a user-written weight gradient, installed into tests/.cache/peers. A peer that is not there is named and left out.
 *
 *   --rounds 3     turns per contender       --steps 8    steps per turn
 *   --flavour …    as in npm run bench       --json       {"rows":[…],"kernels":[…]} on stdout, nothing else
 */
import { join } from 'node:path';
import { attempt } from '../scripts/process.mjs';
import { installPeer, peerVersion } from './peers/install.mjs';
import { PINNING } from './peers/process.mjs';
import { hostFacts } from './peers/report.mjs';
import { median } from './peers/statistics.mjs';

const FOLDER = new URL('train/', import.meta.url).pathname;
const OURS = ['resnet20 int4', 'resnet20 f32', 'cnn int4', 'cnn f32', 'vgg64 int4', 'vgg64 f32'];

/** Runs a script on one core; its last line is JSON. Throws with its words. */
function contend(program, args) {
  const [file, ...rest] = PINNING === null ? [program, ...args] : [...PINNING, program, ...args];
  const { ok, stdout, stderr } = attempt(file, rest);
  if (!ok) throw new Error(stderr.trim().split('\n').at(-1) || `${program} failed`);
  const result = JSON.parse(stdout.trim().split('\n').at(-1));
  const [first, last] = result.losses;
  if (!(Number.isFinite(last) && last < first)) throw new Error(`the loss went from ${first} to ${last}: it does not train`);
  return result;
}

/** Every contender: a name, and what runs one turn of it. */
function contenders({ steps, flavour }, log) {
  const node = (script, ...args) => () => contend(process.execPath, [join(FOLDER, script), ...args]);
  const list = OURS.map((name) => ({ name, run: node('dyadic-step.mjs', name, steps, flavour) }));
  const python = ['/usr/bin/python3', 'python3'].find((program) => attempt(program, ['-c', 'import torch']).ok);
  if (python === undefined) log('PyTorch is left out: no python3 here has torch');
  else list.push({ name: 'pytorch', run: () => contend(python, [join(FOLDER, 'pytorch-step.py'), steps]) });
  try {
    list.push({ name: 'tfjs', run: node('tfjs-step.mjs', installPeer('tfjs-training', log), steps) });
  } catch (error) {
    log(`tfjs is left out: ${error.message}`);
  }
  return list;
}

function measure(options, log) {
  const turns = new Map();
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { name, run } of contenders(options, round === 0 ? log : () => {})) {
      log(`round ${round + 1}: ${name}`);
      turns.set(name, [...(turns.get(name) ?? []), run()]);
    }
  }
  return turns;
}

/** The figures: what was promised stands as `reach`, and `ratio` is theirs ÷ ours. */
function rowsOf(turns) {
  const times = (name) => median(turns.get(name).flatMap(({ milliseconds }) => milliseconds));
  const last = (name) => turns.get(name).at(-1);
  const [int4, f32] = [times('resnet20 int4'), times('resnet20 f32')];
  const against = (peer, version, value, reach) => (turns.has(peer) ? { peer: `${peer} ${version}`, peerValue: times(peer), ratio: times(peer) / value, reach } : {});
  const torch = turns.has('pytorch') ? last('pytorch').version : '';
  const tfjs = peerVersion('tfjs-training');
  const shares = (key) => median(turns.get('resnet20 int4').map((turn) => turn[key]));
  const step = (id, what, value, rest) => ({ id, what, value, unit: 'ms', ...rest });
  return [
    step('t1', 'ResNet-20, batch 128, 4/4/4: a step', int4, against('pytorch', torch, int4, '≥ 1.5')),
    step('t2', 'ResNet-20, batch 128, f32: a step', f32, against('pytorch', torch, f32)),
    { id: 't3', what: 'ResNet-20: our f32 step ÷ our 4/4/4 step', value: f32 / int4, unit: '×' },
    { id: 't4', what: 'ResNet-20, 4/4/4: images', value: 128e3 / int4, unit: '/s' },
    { id: 't5', what: 'ResNet-20, 4/4/4: all but convolutions', value: 100 * (1 - shares('convolutions')), unit: '%', reach: '≤ 60' },
    { id: 't6', what: 'ResNet-20, 4/4/4: statistics and update of the intervals, at most', value: 100 * shares('policy'), unit: '%', reach: '≤ 2' },
    { id: 't7', what: 'ResNet-20, 4/4/4: activations', value: last('resnet20 int4').activationBytes / 2 ** 20, unit: 'MiB', reach: '≤ 1024' },
    step('t8', 'small network, batch 64, f32: a step', times('cnn f32'), against('tfjs', tfjs, times('cnn f32'), '≥ 10')),
    step('t9', 'small network, batch 64, 4/4/4: a step', times('cnn int4'), against('tfjs', tfjs, times('cnn int4'), '≥ 20')),
    step('t10', '64 channels, batch 64, 4/4/4: a step', times('vgg64 int4'), {}),
    { id: 't11', what: '64 channels: our f32 step ÷ our 4/4/4 step', value: times('vgg64 f32') / times('vgg64 int4'), unit: '×' },
  ];
}

export function benchTraining(options) {
  const log = (text) => process.stderr.write(`${text}\n`);
  const turns = measure(options, log);
  const { flavour, lowering } = turns.get(OURS[0])[0];
  const host = { ...hostFacts(), flavour, lowering, pinned: PINNING !== null };
  const rows = rowsOf(turns).map((row) => ({ ...row, ...host }));
  const kernels = OURS.slice(0, 2).flatMap((name) => turns.get(name).at(-1).kernels.map((kernel) => ({ workload: name, ...kernel })));
  if (options.json) process.stdout.write(`${JSON.stringify({ rows, kernels })}\n`);
  else print(host, rows, kernels);
}

function print({ host, engine, cpu, flavour, lowering, pinned }, rows, kernels) {
  console.log(`${host}, ${engine}, ${cpu}, flavour ${flavour} (${lowering}), one thread${pinned ? ', pinned to one core' : ''}\n`);
  for (const { id, what, value, unit, peer, peerValue, ratio, reach } of rows) {
    const beside = peer === undefined ? '' : `   ${peer} ${peerValue.toFixed(1)} ms, ${ratio.toFixed(2)}×`;
    console.log(`${id.padEnd(5)}${what.padEnd(66)}${value.toFixed(value < 10 ? 2 : 1).padStart(9)} ${unit.padEnd(4)}${beside}${reach === undefined ? '' : `   (reach ${reach})`}`);
  }
  for (const workload of new Set(kernels.map((kernel) => kernel.workload))) {
    console.log(`\n${workload}, kernel by kernel`);
    for (const { kernel, milliseconds, calls, share } of kernels.filter((entry) => entry.workload === workload)) {
      console.log(`${kernel.padEnd(48)}${milliseconds.toFixed(2).padStart(9)} ms${String(calls).padStart(6)} calls${(100 * share).toFixed(1).padStart(7)} %`);
    }
  }
}
