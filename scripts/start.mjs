/**
 * npm start: sets up, builds, and does both main jobs once: quantizes a float network to W8A8, W4A8 and W4A4 and runs all four; trains a small network in
 * float and in INT4, deploys both and runs them.
 *
 *   npm start                                           the examples on 1,000 pictures
 *   npm start -- model.onnx --calibrate images/ […]     a network of your own, with the options of `dyadic quantize` but --bits and -o
 *   npm start -- --json                                 {"rows":[…]} on stdout, nothing else
 */
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { mainProgram } from './process.mjs';
import { setUp } from './setup.mjs';

const TEXT_OPTIONS = ['calibrate', 'limit', 'activations', 'calibration', 'percentile', 'requantization', 'size', 'mean', 'std', 'channels', 'fit', 'labels', 'flavour'];

const USAGE = 'usage: npm start -- [model.onnx --calibrate images/ [options of "npx dyadic quantize --help", but --bits and -o]] [--flavour simd128|scalar] [--json]\n';

function readOptions() {
  const text = Object.fromEntries(TEXT_OPTIONS.map((name) => [name, { type: 'string' }]));
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...text, help: { type: 'boolean', short: 'h' }, 'bias-correction': { type: 'boolean' }, json: { type: 'boolean', default: false } } });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (positionals.length > 1) throw new Error(`one model, not ${positionals.length}: ${positionals.join(', ')}`);
  const { 'bias-correction': biasCorrection, ...rest } = values;
  return { model: positionals[0], options: biasCorrection ? { ...rest, biasCorrection } : rest };
}

async function main({ model, options }) {
  setUp();
  build();
  const { exampleTask, ownTask } = await import('./start/tasks.mjs');
  const { compareModes } = await import('./start/compare.mjs');
  const { printRows, printTraining } = await import('./start/print.mjs');
  const task = model === undefined ? await exampleTask(options) : await ownTask(model, options);
  const rows = await compareModes(task);
  if (!options.json) printRows(task, rows);
  if (model === undefined) {
    const { trainBoth } = await import('./start/train.mjs');
    const trained = await trainBoth(options);
    if (!options.json) printTraining(trained);
    rows.push(...trained);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
}

let request;
try {
  request = readOptions();
} catch (error) {
  process.stderr.write(`start: ${error.message}\n${USAGE}`);
  process.exit(2);
}
await mainProgram(async () => {
  try {
    await main(request);
  } catch (error) {
    if (error.name !== 'DyadicError' && error.name !== 'UsageError') throw error;
    process.stderr.write(`start: ${error.message}\n`);
    process.exitCode = error.name === 'UsageError' ? 2 : 1;
  }
});
