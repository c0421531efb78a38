/**
 * node bench/profile.mjs model.dyad…: where the time of a network goes, operation by operation.
 *
 *   --flavour scalar|simd128   as in npm run bench
 *   --runs 30                  each operation's figure is the median over so many runs
 *   --top 15                   how many operations to list; all are summed up by kind
 *   --layers                   single layers of MobileNetV2's and ResNet's sizes instead of a file
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import '../dist/entry/node.js';
import { decodeDyad } from '../dist/integer/dyad.js';
import { LAYERS, layerGraph } from './layer-graph.mjs';
import { profile } from './profile-network.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    flavour: { type: 'string', default: 'auto' },
    runs: { type: 'string', default: '30' },
    top: { type: 'string', default: '15' },
    layers: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs);

console.log(`node ${process.versions.node}, ${cpus()[0]?.model.trim()}, median of ${runs} runs`);
for (const file of positionals) {
  const { operations, milliseconds } = await profile(decodeDyad(readFileSync(file)), { runs, flavour: options.flavour });
  printNetwork(file, operations, milliseconds);
}
if (options.layers) {
  for (const layer of LAYERS) {
    const { operations } = await profile(layerGraph(layer), { runs, flavour: options.flavour });
    const [{ macs, milliseconds }] = operations;
    console.log(`${layer.title.padEnd(34)}${milliseconds.toFixed(3).padStart(9)} ms${(macs / milliseconds / 1e6).toFixed(1).padStart(8)} GMAC/s`);
  }
}

function printNetwork(file, operations, total) {
  const sum = operations.reduce((all, { milliseconds }) => all + milliseconds, 0);
  const line = (name, milliseconds, macs) => {
    const share = `${((milliseconds / sum) * 100).toFixed(1)} %`.padStart(8);
    const speed = macs > 0 ? `${(macs / milliseconds / 1e6).toFixed(1).padStart(8)} GMAC/s` : '';
    console.log(`  ${name.padEnd(44)}${milliseconds.toFixed(3).padStart(9)} ms${share}${speed}`);
  };
  console.log(`\n${file}: ${total.toFixed(3)} ms, ${sum.toFixed(3)} in operations`);
  const kinds = groupBy(operations);
  const sums = Object.entries(kinds).map(([kind, of]) => [kind, of.reduce((all, o) => all + o.milliseconds, 0), of.reduce((all, o) => all + o.macs, 0)]);
  for (const [kind, milliseconds, macs] of sums.sort((a, b) => b[1] - a[1])) line(`all ${kind}`, milliseconds, macs);
  const largest = [...operations].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, Number(options.top));
  for (const { operation, kind, macs, milliseconds } of largest) line(`${operation.name.slice(-24)} (${kind})`, milliseconds, macs);
}

function groupBy(operations) {
  const groups = {};
  for (const operation of operations) (groups[operation.kind] ??= []).push(operation);
  return groups;
}
