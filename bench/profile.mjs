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
import { createEngine } from '../dist/wasm/create-engine.js';
import { createIntegerProgram } from '../dist/session/integer-program.js';
import { decodeDyad } from '../dist/integer/dyad.js';
import { LAYERS, layerGraph } from './layer-graph.mjs';

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
const WARM_UP_MS = 500;

console.log(`node ${process.versions.node}, ${cpus()[0]?.model.trim()}, median of ${runs} runs`);
for (const file of positionals) {
  const { operations, milliseconds } = await profile(decodeDyad(readFileSync(file)));
  printNetwork(file, operations, milliseconds);
}
if (options.layers) {
  for (const layer of LAYERS) {
    const { operations } = await profile(layerGraph(layer));
    const [{ macs, milliseconds }] = operations;
    console.log(`${layer.title.padEnd(34)}${milliseconds.toFixed(3).padStart(9)} ms${(macs / milliseconds / 1e6).toFixed(1).padStart(8)} GMAC/s`);
  }
}

/**
 * Median milliseconds of every operation and of the whole run. The first step of a run also writes the input: a copy in front of the network
 * takes that time, and is left out.
 */
async function profile(network) {
  const graph = withEntries(network);
  const engine = await createEngine(undefined, { flavour: options.flavour });
  const program = createIntegerProgram(engine, graph);
  const inputs = new Map(graph.inputs.map(({ name, value }) => [name, { kind: 'codes', data: codes(graph.values[value]) }]));
  const times = graph.operations.map(() => []);
  const totals = [];
  // Engines compile well only what has run for a while.
  const warm = performance.now() + WARM_UP_MS;
  while (performance.now() < warm) program.run(inputs);
  for (let run = 0; run < runs; run++) {
    const steps = program.stepwise(inputs);
    const first = performance.now();
    let start = first;
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const now = performance.now();
      times[step.value - 1].push(now - start);
      start = performance.now();
    }
    totals.push(performance.now() - first);
  }
  program.dispose();
  const operations = graph.operations.map((operation, i) => ({ operation, kind: kindOf(graph, operation), macs: macsOf(graph, operation), milliseconds: median(times[i]) }));
  return { operations: operations.slice(graph.inputs.length), milliseconds: median(totals) };
}

/** The network behind a copy of each of its inputs. */
function withEntries({ values, inputs, operations, ...rest }) {
  const copies = inputs.map(({ name, value }, i) => {
    const { range } = values[value];
    return { op: 'requantize', name: `${name} entry`, inputs: [values.length + i], outputs: [value], requantization: { form: 'copy' }, clamp: range };
  });
  return {
    ...rest,
    values: [...values, ...inputs.map(({ name, value }) => ({ ...values[value], name: `${name} outside` }))],
    inputs: inputs.map((input, i) => ({ ...input, value: values.length + i })),
    operations: [...copies, ...operations],
  };
}

/** Codes of a value, the same ones in every run. */
function codes({ shape, range: [lo, hi] }) {
  return Int32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => lo + ((i * 7919) % (hi - lo + 1)));
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}

/** "conv2d 3×3", "depthwise 3×3 s2", "concat". */
function kindOf(graph, operation) {
  if (operation.op !== 'conv2d') return operation.op;
  const { shape } = graph.tensors.get(operation.weight);
  const [, inC] = graph.values[operation.inputs[0]].shape;
  const name = operation.groups === 1 ? 'conv2d' : operation.groups === inC ? 'depthwise' : 'grouped';
  return `${name} ${shape[2]}×${shape[3]}${operation.stride[0] > 1 ? ` s${operation.stride[0]}` : ''}${inC <= 4 ? ' stem' : ''}`;
}

function macsOf(graph, operation) {
  if (operation.weight === undefined) return 0;
  const { shape } = graph.tensors.get(operation.weight);
  const output = graph.values[operation.outputs[0]].shape;
  const pixels = operation.op === 'dense' ? 1 : output[2] * output[3];
  return shape.reduce((product, size) => product * size, 1) * pixels;
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
