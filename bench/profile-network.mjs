/** Where the time of a network goes, operation by operation. Whoever imports this has imported an entry of dist/ first. */
import { createIntegerProgram } from '../dist/session/integer-program.js';
import { createEngine } from '../dist/wasm/create-engine.js';
import { median } from './peers/statistics.mjs';

const WARM_UP_MS = 500;

/**
 * Median milliseconds of every operation and of the whole run. The first step of a run also writes the input: a copy in front of the network
 * takes that time, and is left out.
 */
export async function profile(network, { runs, flavour = 'auto' }) {
  const graph = withEntries(network);
  const engine = await createEngine(undefined, { flavour });
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
