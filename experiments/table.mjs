/** node experiments/table.mjs: writes experiments/RESULTS.md from experiments/results/. Says what was run, on what, and for how long. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, say } from '../scripts/process.mjs';
import { SETS } from './sets.mjs';

const RESULTS = join(ROOT, 'experiments', 'results');
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)) * (values.length / Math.max(1, values.length - 1)));
const percent = (values) => `${(100 * mean(values)).toFixed(2)}${values.length > 1 ? ` ± ${(100 * deviation(values)).toFixed(2)}` : ''}`;

/** Every run of a set, by arm. */
function runsOf(name) {
  const folder = join(RESULTS, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith('.json')).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function armRow(set, arm, runs) {
  const lengths = runs.map(({ epochs }) => epochs.length);
  const last = runs.map(({ epochs }) => epochs.at(-1));
  const best = runs.map(({ epochs }) => Math.max(...epochs.map(({ accuracy }) => accuracy)));
  const seconds = runs.flatMap(({ epochs }) => epochs.map((epoch) => epoch.seconds));
  const bits = set.arms[arm]?.bits;
  const layers = last.flatMap(({ layers }) => layers);
  const average = (field, digits) => {
    const values = layers.map((layer) => layer[field]).filter((value) => value !== undefined);
    return values.length === 0 ? '–' : mean(values).toPrecision(digits);
  };
  const deployed = runs.flatMap((run) => (run.deployed === undefined ? [] : [run.deployed.accuracy]));
  const cells = [arm, bits === null || bits === undefined ? 'f32' : `${bits.weight}/${bits.activation}/${bits.gradient}`, runs.length, [...new Set(lengths)].join(', '), percent(last.map(({ accuracy }) => accuracy)), deployed.length === 0 ? '–' : percent(deployed), percent(best), mean(last.map(({ trainLoss }) => trainLoss)).toFixed(4)];
  return `| ${[...cells, average('gamma', 3), average('clippedFraction', 2), average('largeError', 2), average('allError', 2), Math.round(mean(seconds))].join(' | ')} |`;
}

function section(name, set) {
  const runs = runsOf(name);
  if (runs.length === 0) return '';
  // Those of another trainer, which sets.mjs does not run, come last.
  const known = Object.keys(set.arms);
  const arms = [...known, ...new Set(runs.map(({ arm }) => arm).filter((arm) => !known.includes(arm)))].filter((arm) => runs.some((run) => run.arm === arm));
  const hosts = [...new Set(runs.map(({ host, flavour }) => `${host}${flavour === undefined ? '' : `, flavour ${flavour}`}`))].join('; ');
  return [
    `## ${set.title}`,
    '',
    `Batch ${set.batch}, SGD ${set.learningRate} with momentum 0.9 and weight decay 1e-4, intervals by Adam 1e-5, schedule ${JSON.stringify(set.schedule)}. Run on ${hosts}.`,
    '',
    '| gradients | W/A/G | seeds | epochs | test accuracy after the last, % | the same, deployed in integers, % | best epoch, % | training loss | γ | clipped | error of the largest 0.1 % | error of all | s per epoch |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...arms.map((arm) => armRow(set, arm, runs.filter((run) => run.arm === arm))),
    '',
  ].join('\n');
}

const text = [
  '# Results',
  '',
  'Written by `node experiments/table.mjs` from `experiments/results/`. ± is the standard deviation over seeds. γ (clip by maximum), the clipped fraction and the relative squared errors are means',
  'over layers and seeds in the last epoch; seconds include the evaluation, on a machine with two cores that did other things too.',
  '',
  ...Object.entries(SETS).map(([name, set]) => section(name, set)),
].join('\n');
writeFileSync(join(ROOT, 'experiments', 'RESULTS.md'), `${text.trimEnd()}\n`);
say('experiments', 'wrote experiments/RESULTS.md');
