/** Runs a float network and its integer forms on the same pictures. */
import { cpus } from 'node:os';
import '../../dist/entry/node.js';
import { encodeDyad } from '../../dist/integer/dyad.js';
import { quantize } from '../../dist/quantize/quantize.js';
import { createFloatProgram } from '../../dist/session/float-program.js';
import { createIntegerProgram } from '../../dist/session/integer-program.js';
import { createEngine } from '../../dist/wasm/create-engine.js';
import { Progress } from '../../dist/cli/progress.js';

const MODES = ['w8a8', 'w4a8', 'w4a4'];

/**
 * @param {import('./tasks.mjs').Task} task
 * @returns {Promise<object[]>} rows `float`, `w8a8`, `w4a8`, `w4a4`; accuracy and agreement in percent
 */
export async function compareModes(task) {
  const progress = new Progress();
  const engine = await createEngine(undefined, { flavour: task.flavour ?? 'auto' });
  const host = { flavour: engine.flavour, host: `Node ${process.versions.node}`, cpu: cpus()[0]?.model.trim() ?? 'unknown' };
  const float = runAll(createFloatProgram(engine, task.graph), task.pictures, (done) => progress.update('float', done, task.pictures.length));
  const rows = [{ ...row('float', task, float, float, task.onnxBytes, host), warnings: [] }];
  for (const bits of MODES) {
    const onProgress = ({ phase, done, total }) => progress.update(`${bits}: ${phase}`, done, total);
    const result = await quantize(task.graph, task.calibration, { ...task.quantize, bits, engine: { flavour: engine.flavour }, onProgress });
    const run = runAll(createIntegerProgram(engine, result.graph), task.pictures, (done) => progress.update(bits, done, task.pictures.length));
    rows.push({ ...row(bits, task, run, float, encodeDyad(result.graph).length, host), warnings: result.report.warnings });
  }
  progress.clear();
  return rows;
}

/** The best class of every picture, and the median time for one: a mean would measure what else the machine does. */
export function runAll(program, pictures, onProgress) {
  const [input] = program.inputs;
  const [output] = program.outputs;
  const infer = (data) => program.run(new Map([[input.name, { kind: 'f32', data }]])).get(output.name);
  const milliseconds = [];
  const classes = pictures.map((picture, i) => {
    const start = performance.now();
    const logits = infer(picture);
    milliseconds.push(performance.now() - start);
    if (i % 50 === 0) onProgress(i);
    return logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
  });
  program.dispose();
  return { classes, msPerImage: median(milliseconds) };
}

function row(id, { labels }, { classes, msPerImage }, float, bytes, host) {
  const agreement = share(classes, float.classes);
  const accuracy = labels === null ? null : share(classes, labels);
  return { id, value: accuracy ?? agreement, unit: '%', accuracy, agreement, bytes, msPerImage, ...host };
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** In percent. */
export function share(classes, expected) {
  return (classes.filter((guess, i) => guess === expected[i]).length / classes.length) * 100;
}
