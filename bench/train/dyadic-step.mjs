/**
 * Milliseconds of our training steps, as JSON on stdout; one workload of workloads.mjs, the whole step and, afterwards, kernel by kernel.
 *
 *   node dyadic-step.mjs WORKLOAD STEPS [FLAVOUR]
 */
import { createTrainEngine, interval } from '../../dist/entry/train-node.js';
import { ModelState } from '../../dist/train/program/model-state.js';
import { compileTraining } from '../../dist/train/program/compile-training.js';
import { trace } from '../../dist/train/tape/trace.js';
import { time } from '../peers/stopwatch.mjs';
import { median } from '../peers/statistics.mjs';
import { hostShare, isConvolution, isGradientStatistics, watchKernels } from './kernel-times.mjs';
import { WORKLOADS } from './workloads.mjs';

const [name, steps, flavour = 'auto'] = process.argv.slice(2);
const WARM_UP = 4;
/** And as long as engines take to compile their hot loops for good: a small network's first steps are over before that. */
const WARM_UP_MS = 1000;
const PROFILED = 6;
const SEED = [1, 0];

const { shape, classes, make } = WORKLOADS[name];
const engine = await createTrainEngine({ flavour });
const model = make();
const state = new ModelState(engine, model, { seed: SEED, optimizers: { weights: 'sgd', intervals: 'adam' } });
const program = compileTraining(state, trace(model, shape), { batch: shape[0], gradient: interval(), loss: 'cross_entropy', labelSmoothing: 0, seed: SEED });

const inputs = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => (((i * 7919) % 1009) / 504.5 - 1) * 1.7);
const labels = Int32Array.from({ length: shape[0] }, (_, i) => i % classes);
let count = 0;

function step() {
  const adam = [1e-5, 0.9, 0.999, 1e-8, 0, 1 - 0.9 ** (count + 1), 1 - 0.999 ** (count + 1), 0];
  const run = program.stepwise({
    inputs, labels, step: count,
    weights: { kind: 'sgd', values: [0.01, 0.9, 0, 1e-4, 0, count === 0 ? 1 : 0, 0, 0] },
    intervals: { kind: 'adam', values: adam },
  });
  count += 1;
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
}

const losses = [];
const milliseconds = [];
const begun = performance.now();
while (count < WARM_UP || performance.now() - begun < WARM_UP_MS) losses.push(step().loss);
for (let i = 0; i < Number(steps); i++) milliseconds.push(await time(() => losses.push(step().loss)));
const host = await hostShare(engine, () => {
  for (let i = 0; i < PROFILED; i++) step();
});
const times = watchKernels(engine);
const watched = [];
for (let i = 0; i < PROFILED; i++) watched.push(await time(step));

const total = watched.reduce((sum, value) => sum + value, 0);
const kernels = [...times].map(([kernel, { milliseconds: sum, calls }]) => ({ kernel, milliseconds: sum / PROFILED, calls: calls / PROFILED, share: sum / total })).sort((a, b) => b.share - a.share);
const shareOf = (isCounted) => kernels.filter(({ kernel }) => isCounted(kernel)).reduce((sum, { share }) => sum + share, 0);
const result = {
  flavour: engine.flavour,
  lowering: engine.lowering,
  milliseconds,
  profiled: median(watched),
  losses: [losses[0], losses.at(-1)],
  activationBytes: program.activationBytes,
  convolutions: shareOf(isConvolution),
  // The host's part holds more than the method: an upper bound.
  policy: shareOf(isGradientStatistics) + host,
  kernels,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
