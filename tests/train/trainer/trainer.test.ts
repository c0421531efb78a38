/** The loop around the programs: order, stopping, resuming, failing. On a backend in plain JavaScript; training.test.ts has the real one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../../ts/errors.js';
import { cosine, multiStep } from '../../../ts/train/schedule/schedule.js';
import { permutation } from '../../../ts/train/data/loader.js';
import { adam, hyperOf, sgd } from '../../../ts/train/optimizer/optimizer.js';
import { RandomStream } from '../../../ts/train/random/random-stream.js';
import { isBetter } from '../../../ts/train/trainer/progress.js';
import { Trainer, type TrainerOptions } from '../../../ts/train/trainer/trainer.js';
import type { FitOptions, SavedCheckpoint, TrainingStep } from '../../../ts/train/trainer/training-step.js';
import { errorOf } from '../../engine/error-of.js';
import { creeping, fakeBackend, fakeModel, type FakeWatch } from './fake-backend.js';
import { bitsOf, pictures, points } from './sample-data.js';

const trainers = suite('Trainer');
const DATA = points(50);
const TEST = points(33, 2);
const OPTIONS: TrainerOptions = { gradient: creeping, batch: 8, seed: 5, optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), schedule: cosine({ epochs: 4 }) };
/** Steps of 4 epochs: 50 samples are 6 batches. */
const STEPS = 24;

const watcher = (): FakeWatch => ({ inputs: [], disposed: 0 });
const make = (options: Partial<TrainerOptions> = {}, watch?: FakeWatch): Trainer => new Trainer(fakeModel(), { ...OPTIONS, ...options }, fakeBackend(watch));
const resume = (bytes: Uint8Array, watch?: FakeWatch): Promise<Trainer> => Trainer.resume(bytes, fakeModel(), { gradient: creeping }, fakeBackend(watch));

async function collect(trainer: Trainer, options: FitOptions, data = DATA): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of trainer.fit(data, options)) steps.push(step);
  return steps;
}

/** Everything that a run tells apart from its speed. */
const told = (steps: readonly TrainingStep[]): unknown => steps.map(({ imagesPerSecond, secondsLeft, ...rest }) => rest);

/** An uninterrupted run: what it told and how it ended. */
async function uninterrupted(): Promise<{ steps: TrainingStep[]; bits: string; saved: Uint8Array }> {
  const trainer = make();
  const steps = await collect(trainer, { epochs: 4, validation: TEST });
  return { steps, bits: await bitsOf(trainer), saved: await trainer.save() };
}

trainers('fit tells of every step, and learns', async () => {
  const { steps } = await uninterrupted();
  assert.equal(steps.map(({ step }) => step), Array.from({ length: STEPS }, (_, i) => i));
  assert.equal(steps.map(({ epoch }) => epoch), Array.from({ length: STEPS }, (_, i) => Math.floor(i / 6)));
  assert.ok(steps.every((step) => step.steps === STEPS && step.imagesPerSecond > 0 && step.secondsLeft >= 0 && step.layers.length === 1));
  assert.equal(steps.filter(({ epochEnd }) => epochEnd !== undefined).map(({ step }) => step), [5, 11, 17, 23]);
  const last = steps.at(-1)!;
  assert.is(last.secondsLeft, 0);
  assert.ok(last.loss < steps[0]!.loss / 2 && last.epochEnd!.validation!.accuracy > 0.9, `${last.loss}`);
  assert.is(steps[0]!.learningRate, 0.05);
  assert.ok(last.learningRate < 0.001);
});

trainers('the report of an epoch is the mean of its steps', async () => {
  const { steps } = await uninterrupted();
  const epoch = steps.slice(6, 12);
  const { loss, accuracy } = epoch.at(-1)!.epochEnd!;
  assert.ok(Math.abs(loss - epoch.reduce((sum, step) => sum + step.loss, 0) / 6) < 1e-12);
  assert.ok(Math.abs(accuracy - epoch.reduce((sum, step) => sum + step.accuracy, 0) / 6) < 1e-12);
});

trainers('hands the schedule, the update count and the step to the optimizers', async () => {
  const watch = watcher();
  const trainer = make({ schedule: { weights: multiStep({ at: [1] }), intervals: cosine({ epochs: 2 }) } }, watch);
  await trainer.train(DATA, { epochs: 2 });
  assert.equal(watch.inputs.map(({ step }) => step), Array.from({ length: 12 }, (_, i) => i));
  assert.equal(watch.inputs.map(({ weights }) => weights.values[0]), [...Array(6).fill(0.05), ...Array(6).fill(0.05 * 0.1)]);
  assert.equal(watch.inputs.map(({ weights }) => weights.values[5]), [1, ...Array(11).fill(0)]);
  assert.equal([watch.inputs[0]!.intervals.kind, watch.inputs[0]!.intervals.values[0]], ['adam', 1e-5]);
  assert.ok(watch.inputs[11]!.intervals.values[0]! < 1e-6);
});

trainers('stopped after any step, saved and resumed: the same bits, the same reports', async () => {
  const whole = await uninterrupted();
  for (let stop = 0; stop <= STEPS; stop++) {
    const first = make();
    const steps: TrainingStep[] = [];
    if (stop > 0) {
      for await (const step of first.fit(DATA, { epochs: 4, validation: TEST })) {
        steps.push(step);
        if (steps.length === stop) break;
      }
    }
    const second = await resume(await first.save());
    assert.is(second.step, stop);
    steps.push(...(await collect(second, { epochs: 4, validation: TEST })));
    assert.equal(told(steps), told(whole.steps));
    assert.is(await bitsOf(second), whole.bits);
    assert.equal(await second.save(), whole.saved);
  }
});

trainers('aborted at any turn, in a step or in the validation: the same bits', async () => {
  const whole = await uninterrupted();
  const turns = await countTurns();
  assert.ok(turns > STEPS * 3);
  // An abort in the last batch of the last validation comes too late to stop anything.
  for (let stop = 0; stop < turns - 1; stop += 7) {
    const controller = new AbortController();
    let turn = 0;
    const saved: SavedCheckpoint[] = [];
    const first = make({}, { ...watcher(), onTurn: () => void (turn++ === stop && controller.abort()) });
    const run = (): Promise<unknown> => first.train(DATA, { epochs: 4, validation: TEST, signal: controller.signal, checkpoint: { save: (checkpoint) => void saved.push(checkpoint) } });
    await errorOf('ERR_ABORTED', run);
    assert.is(saved.at(-1)!.reason, 'aborted');
    assert.is(saved.at(-1)!.step, first.step);
    const second = await resume(saved.at(-1)!.bytes);
    await second.train(DATA, { epochs: 4, validation: TEST });
    assert.is(await bitsOf(second), whole.bits);
    assert.equal(await second.save(), whole.saved);
    // And the trainer that was stopped can itself go on.
    await first.train(DATA, { epochs: 4, validation: TEST });
    assert.equal(await first.save(), whole.saved);
  }
});

async function countTurns(): Promise<number> {
  let turns = 0;
  await make({}, { ...watcher(), onTurn: () => void turns++ }).train(DATA, { epochs: 4, validation: TEST });
  return turns;
}

trainers('a save in the middle of a step waits for its end', async () => {
  const saves: Promise<Uint8Array>[] = [];
  const watch: FakeWatch = { ...watcher(), onTurn: () => void saves.push(trainer.save()) };
  const trainer = make({}, watch);
  for await (const { step } of trainer.fit(DATA, { epochs: 1 })) if (step === 2) break;
  const expected = make();
  for await (const { step } of expected.fit(DATA, { epochs: 1 })) if (step === 0) break;
  // stepsPerEpoch is known only to a run that has begun, so both are taken in the middle of an epoch.
  assert.equal(await saves[0], await expected.save());
});

trainers('keeps the best epoch and puts it back', async () => {
  const trainer = make({ optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), schedule: cosine({ epochs: 6 }) });
  const reports = await trainer.train(DATA, { epochs: 3, validation: TEST });
  const best = reports.filter(({ isBest }) => isBest).at(-1)!;
  assert.equal(trainer.best, { epoch: best.epoch, ...best.validation! });
  await trainer.train(pictureless(), { epochs: 6 });
  const again = await resume(await trainer.save());
  for (const each of [trainer, again]) {
    await each.restoreBest();
    assert.equal(await each.evaluate(TEST), best.validation);
  }
  await errorOf('ERR_ARGUMENT', () => make().restoreBest());
});

/** Data that spoil what was learned. */
const pictureless = () => ({ ...DATA, labels: Int32Array.from(DATA.labels, (label) => (label + 1) % 3) });

trainers('checkpoints come by epoch and by step', async () => {
  const saved: string[] = [];
  const save = ({ reason, epoch, step }: SavedCheckpoint): void => void saved.push(`${reason} ${epoch} ${step}`);
  await make().train(DATA, { epochs: 3, checkpoint: { save, everyEpochs: 2, everySteps: 4 } });
  assert.equal(saved, ['step 0 4', 'step 1 8', 'epoch 2 12', 'step 2 16']);
});

trainers('a checkpoint that cannot be written ends fit; the run can go on, with the same bits', async () => {
  const whole = await uninterrupted();
  const trainer = make();
  const save = (): never => {
    throw new DyadicError('ERR_FILE', { op: 'train', expected: 'room', received: 'a full disk' });
  };
  await errorOf('ERR_FILE', () => trainer.train(DATA, { epochs: 4, validation: TEST, checkpoint: { save } }));
  assert.is(trainer.epoch, 1);
  await trainer.train(DATA, { epochs: 4, validation: TEST });
  assert.equal(await trainer.save(), whole.saved);
});

trainers('a loss that is no number ends fit, and no checkpoint follows the last good one', async () => {
  const saved: SavedCheckpoint[] = [];
  const trainer = make({}, { ...watcher(), failAt: 9 });
  const error = await errorOf('ERR_TRAINING', () => trainer.train(DATA, { epochs: 4, checkpoint: { save: (checkpoint) => void saved.push(checkpoint), everySteps: 4 } }));
  assert.match(error.message, /step 9/);
  assert.equal(saved.map(({ step }) => step), [4, 6, 8]);
  assert.is(trainer.step, 9);
  assert.is((await resume(saved.at(-1)!.bytes)).step, 8);
});

trainers('evaluate is the mean over all samples, whatever the batch', async () => {
  const [all, ...others] = await Promise.all([33, 1, 7, 32].map((batch) => make({ batch }).evaluate(TEST)));
  for (const { loss, accuracy } of others) {
    assert.is(accuracy, all!.accuracy);
    assert.ok(Math.abs(loss - all!.loss) < 1e-6);
  }
});

trainers('evaluate can be aborted', async () => {
  const controller = new AbortController();
  const trainer = make({ batch: 4 }, { ...watcher(), onTurn: () => controller.abort('enough') });
  const error = await errorOf('ERR_ABORTED', () => trainer.evaluate(TEST, { signal: controller.signal }));
  assert.is(error.cause, 'enough');
  assert.ok((await trainer.evaluate(TEST)).loss > 0);
});

trainers('events: steps, epochs and checkpoints, until the listener is taken away', async () => {
  const trainer = make();
  const heard: string[] = [];
  const stop = trainer.on('step', ({ step }) => heard.push(`step ${step}`));
  trainer.on('epoch', ({ epoch }) => heard.push(`epoch ${epoch}`));
  trainer.on('checkpoint', ({ reason }) => heard.push(reason));
  await trainer.train(DATA, { epochs: 1, checkpoint: { save: () => undefined } });
  assert.equal(heard, ['step 0', 'step 1', 'step 2', 'step 3', 'step 4', 'epoch', 'epoch 0', 'step 5']);
  stop();
  heard.length = 0;
  await trainer.train(DATA, { epochs: 2 });
  assert.equal(heard, ['epoch 1']);
});

trainers('the host gets a turn while a run goes on', async () => {
  let turns = 0;
  const busy = (): void => {
    for (const until = performance.now() + 3; performance.now() < until; );
  };
  const timer = setInterval(() => turns++, 1);
  await make({}, { ...watcher(), onTurn: busy }).train(DATA, { epochs: 2 });
  clearInterval(timer);
  // 36 pieces of 3 ms with a turn after at most every fourth.
  assert.ok(turns >= 5, `${turns} turns`);
});

trainers('pictures fix the normalisation in the first fit, and the checkpoint keeps it', async () => {
  const trainer = make({ batch: 2 });
  const data = pictures({ count: 6, shape: [2, 2, 1], classes: 3 });
  await trainer.evaluate(data);
  assert.is(trainer.normalization, null);
  await trainer.train(data, { epochs: 1 });
  assert.is(trainer.normalization?.mean.length, 1);
  assert.equal((await resume(await trainer.save())).normalization, trainer.normalization);
});

trainers('a step that only measures is no update: optimizers begin after it', async () => {
  const watch: FakeWatch = { ...watcher(), measuring: 2 };
  const optimizer = { weights: sgd({ learningRate: 0.05, momentum: 0.9 }), intervals: adam({ learningRate: 1e-3 }) };
  await make({ optimizer }, watch).train(DATA, { epochs: 1 });
  assert.equal(watch.inputs.map(({ step }) => step), [0, 1, 2, 3, 4, 5]);
  assert.equal(watch.inputs.map(({ weights }) => weights.values[5]), [1, 1, 1, 0, 0, 0]);
  assert.equal(watch.inputs.map(({ intervals }) => intervals.values.slice(5)), [0, 0, 0, 1, 2, 3].map((updates) => hyperOf(optimizer.intervals, updates, 1).values.slice(5)));
});

trainers('every epoch goes through the data in the order of its own stream', async () => {
  const watch = watcher();
  await make({}, watch).train(DATA, { epochs: 3 });
  const given = watch.inputs.flatMap(({ labels }) => [...labels]);
  const expected = [0, 1, 2].flatMap((epoch) => [...permutation(50, new RandomStream([5, 0], `shuffle ${epoch}`))].slice(0, 48).map((sample) => DATA.labels[sample]));
  assert.equal(given, expected);
  assert.not.equal(given.slice(0, 48), given.slice(48, 96));
});

trainers('of two epochs that are right as often the one with the smaller loss is better, of equals the first', () => {
  const best = { epoch: 3, accuracy: 0.5, loss: 1 };
  assert.is(isBetter(best, null), true);
  for (const [change, better] of [[{ accuracy: 0.6, loss: 2 }, true], [{ accuracy: 0.4, loss: 0.5 }, false], [{ loss: 0.9 }, true], [{ loss: 1.1 }, false], [{}, false]] as const) {
    assert.is(isBetter({ ...best, ...change, epoch: 4 }, best), better, JSON.stringify(change));
  }
});

trainers('batches of an async source train like the same batches from memory', async () => {
  const watch = watcher();
  await make({}, watch).train(DATA, { epochs: 2 });
  const given = watch.inputs.map(({ inputs, labels }) => ({ inputs, labels, size: labels.length }));
  const source = { shape: [4], stepsPerEpoch: 6, batches: async function* (epoch: number, first: number) { yield* given.slice(6 * epoch + first, 6 * epoch + 6); } };
  const [memory, streamed] = [make(), make()];
  await memory.train(DATA, { epochs: 2 });
  await streamed.train(source, { epochs: 2 });
  assert.is(await bitsOf(streamed), await bitsOf(memory));
});

trainers('an abort does not wait for a source that never answers', async () => {
  const controller = new AbortController();
  const source = { shape: [4], stepsPerEpoch: 2, batches: { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) } };
  setTimeout(() => controller.abort('enough'), 5);
  const error = await errorOf('ERR_ABORTED', () => make().train(source, { epochs: 1, signal: controller.signal }));
  assert.is(error.cause, 'enough');
});

trainers('one fit at a time; disposed trainers refuse', async () => {
  const watch = watcher();
  const trainer = make({}, watch);
  const steps = trainer.fit(DATA, { epochs: 1 });
  await steps.next();
  await errorOf('ERR_BUSY', () => trainer.train(DATA, { epochs: 1 }));
  trainer.dispose();
  trainer.dispose();
  assert.is(watch.disposed, 1);
  await errorOf('ERR_DISPOSED', () => steps.next());
  await errorOf('ERR_DISPOSED', () => trainer.train(DATA, { epochs: 1 }));
  await errorOf('ERR_DISPOSED', () => trainer.evaluate(DATA));
  await errorOf('ERR_DISPOSED', () => trainer.save());
});

trainers('disposed in the middle of a step: it ends, and the memory is freed once', async () => {
  const watch: FakeWatch = watcher();
  watch.onTurn = () => {
    for (const until = performance.now() + 4; performance.now() < until; );
    setImmediate(() => trainer.dispose());
  };
  const trainer = make({}, watch);
  await errorOf('ERR_DISPOSED', () => trainer.train(DATA, { epochs: 4 }));
  assert.is(watch.disposed, 1);
});

trainers('other data in the middle of an epoch is refused, between epochs it is not', async () => {
  const trainer = make();
  for await (const { step } of trainer.fit(DATA, { epochs: 4 })) if (step === 2) break;
  assert.match((await errorOf('ERR_DATASET', () => trainer.train(TEST, { epochs: 4 }))).message, /6 steps.*4 steps/);
  await trainer.train(DATA, { epochs: 1 });
  await trainer.train(TEST, { epochs: 2 });
  assert.is(trainer.step, 10);
});

trainers.run();
