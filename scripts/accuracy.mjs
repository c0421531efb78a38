/**
 * `npm run accuracy [-- --json] [--images N] [--network resnet20|squeezenet] [--modes w8a8,w4a4] [--data DIR] [--layers]`: real networks on real images,
 * float against integers, beside the targets. Needs ../shared/data. Two worker threads.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { missingFiles, NETWORKS, normalize } from './accuracy/networks.mjs';
import { exitOnHelp, isMain, mainProgram, ROOT, StepError } from './process.mjs';

const WORKERS = 2;

function options() {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false }, images: { type: 'string' }, network: { type: 'string' }, modes: { type: 'string' },
      data: { type: 'string', default: join(ROOT, '..', 'shared', 'data') }, layers: { type: 'boolean', default: false },
    },
  });
  const limit = values.images === undefined ? Infinity : Number(values.images);
  if (!(limit >= 1)) throw new StepError(`--images is a number of at least 1, not "${values.images}"`);
  const networks = NETWORKS.filter(({ name }) => values.network === undefined || name === values.network);
  if (networks.length === 0) throw new StepError(`--network is one of ${NETWORKS.map(({ name }) => name).join(', ')}, not "${values.network}"`);
  return { ...values, limit, networks, modes: values.modes?.split(',') };
}

/** Progress goes to stderr, so that --json stays alone on stdout. */
const say = (text) => process.stderr.write(`${text}\n`);

async function quantizeAll(network, modes, { data, layers }) {
  await import('../dist/entry/node.js');
  const { importOnnx } = await import('../dist/onnx/import.js');
  const { quantize } = await import('../dist/quantize/quantize.js');
  const floatGraph = await importOnnx(readFileSync(join(data, network.model)));
  const images = network.images(data, 'calibrate');
  const samples = Array.from({ length: images.count }, (_, i) => normalize(images.bytes(i), network.preprocess));
  const results = [];
  for (const mode of modes) {
    const result = await quantize(floatGraph, samples, { ...mode.options, preprocess: network.preprocess });
    say(`${network.name}/${mode.id}: quantized on ${images.count} images, output ${result.report.outputDb.toFixed(1)} dB on them`);
    result.report.warnings.forEach((warning) => say(`  warning: ${warning}`));
    if (layers) for (const layer of result.report.layers) say(`  ${JSON.stringify(layer)}`);
    results.push(result);
  }
  return { floatGraph, results };
}

function runWorker(workerData) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./accuracy/worker.mjs', import.meta.url), { workerData });
    worker.on('message', (message) => message.tallies && resolve(message));
    worker.on('error', reject);
    worker.on('exit', (code) => code !== 0 && reject(new Error(`a worker ended with code ${code}`)));
  });
}

/** Adds up what the workers found: one row per network and mode. */
async function scoreAll(network, modes, floatGraph, results, { data, limit }) {
  const graphs = results.map(({ graph }) => graph);
  const parts = await Promise.all(
    Array.from({ length: WORKERS }, (_, first) => runWorker({ name: network.name, data, limit, floatGraph, graphs, first, of: WORKERS })),
  );
  const { count } = parts[0];
  return ['float', ...modes.map(({ id }) => id)].map((id, k) => {
    const sum = (key) => parts.reduce((total, { tallies }) => total + tallies[k][key], 0);
    const noise = sum('noise');
    const row = { id: `${network.name}/${id}`, value: (100 * sum('correct')) / count, unit: '%', images: count };
    if (k === 0) return row;
    const { weightBytes } = results[k - 1].report;
    return { ...row, agreement: (100 * sum('agreed')) / count, db: 10 * Math.log10(sum('signal') / noise), weightBytes };
  });
}

/** What a row misses of its targets, as text; empty when it meets them. */
function misses(row, target, weightShare, reference) {
  const found = Object.entries(target).flatMap(([key, [low, high = Infinity]]) => {
    const value = Number(row[key].toFixed(key === 'db' ? 1 : 2));
    return value < low ? [`${key} below ${low}`] : value > high ? [`${key} above ${high}`] : [];
  });
  if (weightShare && reference && row.weightBytes > weightShare * reference.weightBytes) found.push(`weights above ${weightShare} of W8A8's`);
  return found;
}

function print(row, missed, checked) {
  const text = (value, digits, unit) => (value === undefined ? '' : `${value.toFixed(digits)} ${unit}`).padStart(10);
  const bytes = row.weightBytes === undefined ? '' : `${row.weightBytes} B`;
  const verdict = !checked ? '' : missed.length === 0 ? 'ok' : `MISSED: ${missed.join(', ')}`;
  process.stdout.write(`${row.id.padEnd(24)}${text(row.value, 2, '%')}${text(row.agreement, 2, '%')}${text(row.db, 1, 'dB')}${bytes.padStart(14)}  ${verdict}\n`);
}

async function main() {
  const settings = options();
  const missing = missingFiles(settings.data, settings.networks);
  if (missing.length > 0) throw new StepError(`The data for this measurement is not here:\n  ${missing.join('\n  ')}`, 'put the shared data folder beside the repository, or name it with --data');
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) throw new StepError('dyadic is not built.', 'npm run build');
  const rows = [];
  let failed = false;
  if (!settings.json) process.stdout.write(`${'network'.padEnd(24)}${'top-1'.padStart(10)}${'agreement'.padStart(10)}${'logits'.padStart(10)}${'weights'.padStart(14)}\n`);
  for (const network of settings.networks) {
    const modes = network.modes.filter(({ id }) => !settings.modes || settings.modes.includes(id));
    const { floatGraph, results } = await quantizeAll(network, modes, settings);
    const scored = await scoreAll(network, modes, floatGraph, results, settings);
    const reference = scored.find(({ id }) => id.endsWith('/w8a8'));
    scored.forEach((row, k) => {
      const { target, weightShare } = k === 0 ? { target: network.float } : modes[k - 1];
      const missed = misses(row, target, weightShare, reference);
      failed ||= settings.limit === Infinity && missed.length > 0;
      if (!settings.json) print(row, missed, settings.limit === Infinity);
    });
    rows.push(...scored);
  }
  if (settings.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
  if (failed) process.exitCode = 1;
}

if (isMain(import.meta.url)) {
  exitOnHelp(import.meta.url);
  await mainProgram(main);
}
