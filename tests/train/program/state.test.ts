/** What lasts and what does not: snapshots, programs of several sizes, steps that come to nothing, memory. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GradientPolicy } from '../../../ts/train/gradient/policy.js';
import { interval } from '../../../ts/train/gradient/interval.js';
import { resnet20 } from '../../../ts/train/models/resnet-cifar.js';
import { compileEvaluation } from '../../../ts/train/program/compile-evaluation.js';
import { compileTraining } from '../../../ts/train/program/compile-training.js';
import { ModelState } from '../../../ts/train/program/model-state.js';
import type { StateSnapshot, StepInput, TrainingOptions } from '../../../ts/train/program/training-program.js';
import { trace } from '../../../ts/train/tape/trace.js';
import { createTrainEngine } from '../../../ts/train/trainer/create-train-engine.js';
import { trainingModuleBytes } from '../../engine/flavours.js';
import { Bench, FLAVOURS, finish, wholeRange } from '../oracle/step.js';
import { Everything, INT4, adam, samples, sgd } from './networks.js';
import { refusal } from '../../engine/error-of.js';

const FASTEST = FLAVOURS.at(-1)!;
const POLICY = interval({ alpha: 1e-2 });

function plain({ tensors, gradients }: StateSnapshot): object {
  return { tensors: [...tensors].map(([name, { shape, data }]) => [name, shape, [...data]]), gradients: [...gradients] };
}

function input(batch: number, step: number, learningRate = 0.02): StepInput {
  return { ...samples(batch, step + 3), step, weights: sgd(step, learningRate), intervals: sgd(step, 1e-3) };
}

/** The error that `run` throws. */
test('a restored snapshot goes on to the same bits, in another engine too', async () => {
  const make = (): Promise<Bench> => Bench.create(FASTEST, new Everything(INT4), [4, 8, 8, 3], { policy: POLICY, optimizer: 'sgd' });
  const [one, two] = [await make(), await make()];
  for (let step = 0; step < 3; step++) one.step(input(4, step));
  two.state.restore(one.state.snapshot());
  assert.equal(plain(two.state.snapshot()), plain(one.state.snapshot()));
  for (let step = 3; step < 6; step++) for (const bench of [one, two]) bench.step(input(4, step));
  assert.equal(plain(two.state.snapshot()), plain(one.state.snapshot()));
  for (const bench of [one, two]) bench.dispose();
});

test('a snapshot that does not fit is refused whole', async () => {
  const bench = await Bench.create(FASTEST, new Everything(INT4), [2, 8, 8, 3]);
  const before = plain(bench.state.snapshot());
  const broken = (change: (tensors: Map<string, { shape: readonly number[]; data: Float32Array }>) => void): StateSnapshot => {
    const { tensors, gradients } = bench.state.snapshot();
    const copy = new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 1) }]));
    change(copy);
    return { tensors: copy, gradients };
  };
  const changes: [string, Parameters<typeof broken>[0]][] = [
    ['linear.bias', (tensors) => tensors.delete('linear.bias')],
    ['linear.bias', (tensors) => tensors.set('linear.bias', { shape: [3], data: new Float32Array(3) })],
    ['linear.bias.velocity', (tensors) => tensors.delete('linear.bias.velocity')],
    ['another', (tensors) => tensors.set('another', { shape: [1], data: new Float32Array(1) })],
  ];
  for (const [tensor, change] of changes) {
    const { code, argument } = refusal(() => bench.state.restore(broken(change)));
    assert.equal([code, argument], ['ERR_CHECKPOINT', tensor]);
  }
  assert.equal(plain(bench.state.snapshot()), before);
  bench.dispose();
});

test('programs of several sizes move one state; evaluation changes nothing', async () => {
  const engine = await createTrainEngine({ flavour: FASTEST }, trainingModuleBytes);
  const model = new Everything(INT4);
  const state = new ModelState(engine, model, { seed: [3, 4], optimizers: { weights: 'sgd', intervals: 'adam' } });
  const options: Omit<TrainingOptions, 'batch'> = { gradient: POLICY, loss: 'cross_entropy', labelSmoothing: 0.1, seed: [1, 0] };
  const programs = [4, 3].map((batch) => compileTraining(state, trace(model, [batch, 8, 8, 3]), { ...options, batch }));
  const evaluation = compileEvaluation(state, trace(model, [3, 8, 8, 3]), { batch: 3, loss: 'cross_entropy' });
  const { inputs, labels } = samples(3, 50);
  const untrained = plain(state.snapshot());
  assert.ok(Number.isFinite(finish(evaluation.stepwise(inputs, labels)).loss), 'a model that has no intervals yet');
  assert.equal(plain(state.snapshot()), untrained);
  for (const [step, program] of [...programs, ...programs].entries()) {
    const { batch } = program;
    const { layers, hasUpdated } = finish(program.stepwise({ ...samples(batch, step), step, weights: sgd(step, 0.02), intervals: adam(step, 1e-3) }));
    assert.ok(hasUpdated);
    assert.ok(layers.length === 9 && layers.every(({ maximum, clip }) => clip > 0 && clip <= maximum * 1.001), JSON.stringify(layers));
  }
  const trained = plain(state.snapshot());
  const first = finish(evaluation.stepwise(inputs, labels));
  assert.equal(finish(evaluation.stepwise(inputs, labels)), first);
  assert.equal(plain(state.snapshot()), trained);
  for (const part of [...programs, evaluation, state]) part.dispose();
  assert.is(engine.liveBytes, 0);
  assert.is(engine.liveAllocations, 0);
});

test('a loss that is no number is named by layer and step, and nothing is lost', async () => {
  const bench = await Bench.create(FASTEST, new Everything(INT4), [2, 8, 8, 3], { policy: POLICY });
  bench.step(input(2, 0));
  const before = plain(bench.state.snapshot());
  const poisoned = input(2, 1);
  poisoned.inputs[17] = NaN;
  const { code, message } = refusal(() => bench.step(poisoned));
  assert.is(code, 'ERR_TRAINING');
  assert.match(message, /training step 1, layer "input"/, message);
  assert.equal(plain(bench.state.snapshot()), before);
  const broken = bench.read('depthwiseNorm.weight').fill(NaN);
  bench.set(new Map([['depthwiseNorm.weight', broken]]));
  assert.match(refusal(() => bench.step(input(2, 1))).message, /training step 1, layer "depthwiseNorm": "output"/);
  bench.set(new Map([['depthwiseNorm.weight', broken.fill(1)], ['linear.weight', bench.read('linear.weight').fill(3e38)], ['linear.bias', bench.read('linear.bias').fill(3e38)]]));
  const exploded = refusal(() => bench.step(input(2, 1)));
  assert.is(exploded.code, 'ERR_TRAINING');
  assert.match(exploded.message, /training step 1, layer "linear": "loss"/);
  bench.dispose();
});

test('a step left in the middle is undone by the next', async () => {
  const make = (): Promise<Bench> => Bench.create(FASTEST, new Everything(INT4), [2, 8, 8, 3], { policy: POLICY });
  const [one, two] = [await make(), await make()];
  const left = one.program.stepwise(input(2, 9));
  for (let turn = 0; turn < 30; turn++) assert.is(left.next().done, false);
  const closed = two.program.stepwise(input(2, 9));
  for (let turn = 0; turn < 30; turn++) closed.next();
  closed.return(undefined as never);
  for (const bench of [one, two]) bench.step(input(2, 0));
  assert.equal(plain(one.state.snapshot()), plain(two.state.snapshot()));
  const after = plain(one.state.snapshot());
  assert.is(refusal(() => left.next()).code, 'ERR_BUSY');
  assert.equal(plain(one.state.snapshot()), after);
  const fresh = await make();
  fresh.step(input(2, 0));
  assert.equal(plain(fresh.state.snapshot()), after);
  for (const bench of [one, two, fresh]) bench.dispose();
  assert.is(refusal(() => one.step(input(2, 0))).code, 'ERR_DISPOSED');
});

test('a method that only measures moves nothing', async () => {
  const policy: GradientPolicy = {
    name: 'measures first',
    initial: () => ({ steps: 0 }),
    decide: ({ maximum }, { steps }) => ({ clip: maximum || 1, state: { steps: (steps as number) + 1 } }),
    isMeasuring: ({ steps }) => steps === 0,
  };
  const bench = await Bench.create(FASTEST, new Everything(INT4), [2, 8, 8, 3], { policy });
  const weights = bench.read('conv1.weight');
  assert.is(bench.step(input(2, 0)).hasUpdated, false);
  assert.equal(bench.read('conv1.weight'), weights);
  assert.ok(bench.read('conv1.weightInterval')[0]! > 0, 'the first batch still gives the intervals');
  assert.is(bench.step(input(2, 1)).hasUpdated, true);
  assert.not.equal(bench.read('conv1.weight'), weights);
  bench.dispose();
});

test('clips per channel reach the weights only; a scaled learning rate does too', async () => {
  const wide = 7;
  const policy = (channelClip: number | undefined, learningRateScale = 1): GradientPolicy => ({
    name: 'test',
    initial: () => ({}),
    decide: (statistics, state) => {
      const { maximum } = statistics.channels();
      const channelClips = channelClip === undefined ? {} : { channelClips: maximum.map((value) => (value || 1) * channelClip) };
      return { clip: statistics.maximum || 1, ...channelClips, learningRateScale, state };
    },
  });
  const gradientsOf = async (chosen: GradientPolicy): Promise<{ gradients: Map<string, Float32Array>; moved: Float32Array }> => {
    const bench = await Bench.create(FASTEST, new Everything({ weight: 8, activation: 8, gradient: 8 }), [4, 8, 8, 3], { policy: chosen });
    const before = bench.read('conv2.weight');
    bench.step({ ...input(4, 0), weights: sgd(0, 1, 0) });
    const moved = bench.read('conv2.weight').map((value, index) => before[index]! - value);
    bench.dispose();
    return { gradients: new Map(bench.gradients), moved };
  };
  const [whole, same, narrow, slow] = [await gradientsOf(policy(undefined)), await gradientsOf(policy(1)), await gradientsOf(policy(wide)), await gradientsOf(policy(undefined, 0.5))];
  const distance = (a: Float32Array, b: Float32Array): number => Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0) / b.reduce((sum, value) => sum + value * value, 0));
  const [expected, perChannel, coarse] = [whole, same, narrow].map(({ gradients }) => gradients.get('conv2.weight')!);
  assert.ok(distance(perChannel!, expected!) > 0 && distance(perChannel!, expected!) < 0.05, `${distance(perChannel!, expected!)}`);
  assert.ok(distance(coarse!, expected!) < 0.3 && distance(coarse!, expected!) > distance(perChannel!, expected!), `${distance(coarse!, expected!)}`);
  assert.equal(narrow.gradients.get('stem.weight'), whole.gradients.get('stem.weight'), 'what flows to the input does not change');
  assert.equal(slow.gradients.get('conv2.weight'), expected);
  assert.ok(distance(slow.moved, whole.moved.map((value) => value / 2)) < 1e-3);
});

test('a scaled learning rate is Adam\'s too, of the weights of quantized layers only', async () => {
  const movedAt = async (learningRateScale: number): Promise<(name: string) => Float32Array> => {
    const policy: GradientPolicy = { name: 'test', initial: () => ({}), decide: ({ maximum }, state) => ({ clip: maximum || 1, learningRateScale, state }) };
    const bench = await Bench.create(FASTEST, new Everything(INT4), [4, 8, 8, 3], { policy, optimizer: 'adam' });
    const names = ['conv2.weight', 'stem.weight'];
    const before = new Map(names.map((name) => [name, bench.read(name)]));
    bench.step({ ...input(4, 0), weights: adam(0, 0.5), intervals: adam(0, 1e-3) });
    const after = new Map(names.map((name) => [name, bench.read(name)]));
    bench.dispose();
    return (name) => after.get(name)!.map((value, index) => before.get(name)![index]! - value);
  };
  const [whole, slow] = [await movedAt(1), await movedAt(0.25)];
  assert.equal(slow('stem.weight'), whole('stem.weight'));
  assert.ok(whole('conv2.weight').every((value, index) => Math.abs(slow('conv2.weight')[index]! - value / 4) < 1e-6 + 1e-3 * Math.abs(value)));
  assert.ok(whole('conv2.weight').some((value) => Math.abs(value) > 0.1));
});

test('a watched step tells more and computes the same', async () => {
  const make = (): Promise<Bench> => Bench.create(FASTEST, new Everything(INT4), [4, 8, 8, 3], { policy: POLICY });
  const [plainOne, watched] = [await make(), await make()];
  plainOne.step(input(4, 0));
  const { layers } = watched.step(input(4, 0), { histogramBins: 64, largeFraction: 0.01 });
  assert.equal(plain(watched.state.snapshot()), plain(plainOne.state.snapshot()));
  for (const { count, histogram, largeError, allError, clippedFraction } of layers) {
    assert.is(histogram?.length, 64);
    assert.is(histogram.reduce((sum, value) => sum + value), count);
    assert.ok(largeError! >= 0 && largeError! < 1 && allError! > 0 && allError! < 2, `${largeError} ${allError}`);
    assert.ok(clippedFraction >= 0 && clippedFraction < 0.1);
  }
  for (const bench of [plainOne, watched]) bench.dispose();
});

test('bad input is refused before anything changes', async () => {
  const bench = await Bench.create(FASTEST, new Everything(INT4), [2, 8, 8, 3]);
  const before = plain(bench.state.snapshot());
  const refusals: [Partial<StepInput>, string, string][] = [
    [{ inputs: new Float32Array(5) }, 'ERR_SHAPE', 'inputs'],
    [{ labels: Int32Array.of(1) }, 'ERR_SHAPE', 'labels'],
    [{ labels: Int32Array.of(1, 4) }, 'ERR_ARGUMENT', 'labels'],
    [{ labels: Int32Array.of(-1, 0) }, 'ERR_ARGUMENT', 'labels'],
    [{ weights: adam(0, 0.1) }, 'ERR_ARGUMENT', 'weights'],
    [{ intervals: { kind: 'sgd', values: [NaN, 0, 0, 0, 0, 0, 0, 0] } }, 'ERR_ARGUMENT', 'intervals.values'],
  ];
  for (const [change, code, argument] of refusals) {
    const error = refusal(() => bench.step({ ...input(2, 0), ...change }));
    assert.equal([error.code, error.argument], [code, argument]);
  }
  assert.equal(plain(bench.state.snapshot()), before);
  const wrong: GradientPolicy = { ...wholeRange, decide: (_, state) => ({ clip: 0, state }) };
  const refused = await Bench.create(FASTEST, new Everything(INT4), [2, 8, 8, 3], { policy: wrong });
  assert.is(refusal(() => refused.step(input(2, 0))).argument, 'clip');
  for (const part of [bench, refused]) part.dispose();
});

test('the squared error learns targets, and labels as ones and zeros', async () => {
  const bench = await Bench.create(FASTEST, new Everything(null), [2, 8, 8, 3], { loss: 'mean_squared_error' });
  const byLabels = bench.step(input(2, 0, 0)).loss;
  const targets = new Float32Array(8);
  input(2, 0).labels.forEach((label, row) => (targets[4 * row + label] = 1));
  assert.is(bench.step({ ...input(2, 0, 0), targets }).loss, byLabels);
  assert.is.not(bench.step({ ...input(2, 0, 0), targets: targets.fill(3) }).loss, byLabels);
  bench.dispose();
});

test('ResNet-20 at batch 128 fits a gigabyte; what does not fit says so and leaves nothing behind', async () => {
  const engine = await createTrainEngine({ flavour: FASTEST }, trainingModuleBytes);
  const model = resnet20({ classes: 100, bits: INT4 });
  const state = new ModelState(engine, model, { seed: [1, 2], optimizers: { weights: 'sgd', intervals: 'adam' } });
  const used = engine.liveBytes;
  const compile = (batch: number) => compileTraining(state, trace(model, [batch, 32, 32, 3]), { batch, gradient: POLICY, loss: 'cross_entropy', labelSmoothing: 0, seed: [1, 2] });
  const program = compile(128);
  assert.ok(program.activationBytes > 1e8 && engine.memory.buffer.byteLength < 2 ** 30, `${program.activationBytes} bytes of activations, ${engine.memory.buffer.byteLength} of memory`);
  program.dispose();
  assert.is(engine.liveBytes, used);
  const { code, message } = refusal(() => compile(4096));
  assert.is(code, 'ERR_MEMORY');
  assert.match(message, /4096 takes \d{10,} bytes/);
  assert.is(engine.liveBytes, used);
  state.dispose();
});

test.run();
