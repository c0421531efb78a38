/** The story of INT4 training on the embedded example: one small network, trained in float and in 4 bits from the same seed, both deployed as integers. */
import { cpus } from 'node:os';
import { fashionDataset } from '../../examples/fashion/read.mjs';
import { Progress } from '../../dist/cli/progress.js';
import { adam, cnn, cosine, encodeDyad, interval, minmax, sgd, Trainer } from '../../dist/entry/train-node.js';
import { quantize } from '../../dist/quantize/quantize.js';
import { createFloatProgram } from '../../dist/session/float-program.js';
import { createIntegerProgram } from '../../dist/session/integer-program.js';
import { createEngine } from '../../dist/wasm/create-engine.js';
import { median, runAll, share } from './compare.mjs';

const EPOCHS = 8;
const BATCH = 64;
const SEED = 1;
const INT4 = { weight: 4, activation: 4, gradient: 4 };

/**
 * Rows `trained-f32` (as it is), `trained-f32-w4a4` (quantized afterwards) and `trained-int4`; `trainedAccuracy` is what training showed on the test pictures, `accuracy` what the
 * deployed network has, both in percent.
 */
export async function trainBoth({ flavour = 'auto' }) {
  const progress = new Progress();
  const [train, test] = [fashionDataset('train'), fashionDataset('test')];
  const engine = await createEngine(undefined, { flavour });
  const host = { flavour: engine.flavour, host: `Node ${process.versions.node}`, cpu: cpus()[0]?.model.trim() ?? 'unknown' };
  const float = await trained('float', null, train, test, flavour, progress);
  const floatGraph = await float.trainer.toGraph();
  const inputs = floatInputs(test, float.trainer.normalization);
  const parameters = [...floatGraph.constants.values()].reduce((sum, { dtype, data }) => sum + (dtype === 'f32' ? 4 * data.length : 0), 0);
  const rows = [row('trained-f32', float, runAll(createFloatProgram(engine, floatGraph), inputs, () => {}), test, parameters, host)];
  const afterwards = await quantize(floatGraph, floatInputs(train, float.trainer.normalization).slice(0, 128), { bits: 'w4a4', engine: { flavour: engine.flavour } });
  rows.push(row('trained-f32-w4a4', float, runAll(createIntegerProgram(engine, afterwards.graph), inputs, () => {}), test, encodeDyad(afterwards.graph).length, host));
  float.trainer.dispose();
  const int4 = await trained('INT4', INT4, train, test, flavour, progress);
  const { graph } = await int4.trainer.compile(train);
  rows.push(row('trained-int4', int4, runAll(createIntegerProgram(engine, graph), floatInputs(test, int4.trainer.normalization), () => {}), test, encodeDyad(graph).length, host));
  int4.trainer.dispose();
  progress.clear();
  return rows;
}

async function trained(name, bits, train, test, flavour, progress) {
  const model = cnn({ classes: train.classes, channels: 1, bits });
  const optimizer = { weights: sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-4 }), intervals: adam({ learningRate: 1e-5 }) };
  const trainer = new Trainer(model, { optimizer, schedule: cosine({ epochs: EPOCHS }), gradient: bits === null ? minmax() : interval(), batch: BATCH, seed: SEED, engine: { flavour } });
  const times = [];
  let start = performance.now();
  for await (const { step, steps } of trainer.fit(train, { epochs: EPOCHS })) {
    times.push(performance.now() - start);
    progress.update(`training in ${name}: step`, step + 1, steps);
    start = performance.now();
  }
  const { accuracy } = await trainer.evaluate(test);
  return { trainer, msPerStep: median(times), trainedAccuracy: 100 * accuracy };
}

/** (x/255 − mean)/std, one channel. */
function floatInputs({ images, count }, { mean: [mean], std: [std] }) {
  const size = images.length / count;
  return Array.from({ length: count }, (_, i) => Float32Array.from(images.subarray(i * size, (i + 1) * size), (pixel) => (pixel / 255 - mean) / std));
}

function row(id, { msPerStep, trainedAccuracy }, { classes, msPerImage }, test, bytes, host) {
  const accuracy = share(classes, test.labels);
  return { id, value: accuracy, unit: '%', accuracy, trainedAccuracy, bytes, msPerImage, msPerStep, ...host };
}
