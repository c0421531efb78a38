/** The Trainer on the real programs: the same bits everywhere and whatever interrupts it; it learns; memory goes back. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dai8 } from '../../../ts/train/gradient/dai8.js';
import { dsgc } from '../../../ts/train/gradient/dsgc.js';
import { interval } from '../../../ts/train/gradient/interval.js';
import { minmax } from '../../../ts/train/gradient/minmax.js';
import { mse } from '../../../ts/train/gradient/mse.js';
import type { GradientPolicy } from '../../../ts/train/gradient/policy.js';
import { cnn } from '../../../ts/train/models/cnn.js';
import { resnet20 } from '../../../ts/train/models/resnet-cifar.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import { adam, sgd } from '../../../ts/train/optimizer/optimizer.js';
import { RandomStream } from '../../../ts/train/random/random-stream.js';
import type { Value } from '../../../ts/train/tape/node.js';
import { meanSquaredError } from '../../../ts/train/trainer/loss.js';
import { Trainer, type TrainerOptions } from '../../../ts/train/trainer/trainer.js';
import type { SavedCheckpoint } from '../../../ts/train/trainer/training-step.js';
import { errorOf } from '../../engine/error-of.js';
import { FLAVOURS } from '../../engine/flavours.js';
import { findNode } from '../../engines/nodes.mjs';
import { BITS, bitsAfter20Steps, CLASSES, DATA, EPOCHS, model, OPTIONS, TEST, trainEngine } from './real-run.js';
import { bitsOf, pictures } from './sample-data.js';

const training = suite('training');
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const engine = await trainEngine(FLAVOURS.includes('simd128') ? 'simd128' : 'auto');
const whole = await bitsAfter20Steps(engine.flavour);

const make = (options: Partial<TrainerOptions> = {}, network = model()): Trainer => new Trainer(network, { ...OPTIONS, engine, ...options });

training('20 steps give the same bits in every flavour', async () => {
  for (const flavour of FLAVOURS) assert.is(await bitsAfter20Steps(flavour), whole, flavour);
});

for (const major of [20, 24]) {
  const node = findNode(major);
  if (node === undefined || node === process.execPath) continue;
  training(`20 steps give the same bits in Node ${major}`, () => {
    const hashes = [process.execPath, node].flatMap((binary) => {
      const { stdout, stderr, status } = spawnSync(binary, ['--import', 'tsx', 'tests/train/trainer/print-hashes.ts'], { cwd: ROOT, encoding: 'utf8' });
      assert.is(status, 0, stderr);
      return Object.values(JSON.parse(stdout) as Record<string, string>);
    });
    assert.ok(hashes.length >= 2);
    assert.is(new Set(hashes).size, 1, hashes.join('\n'));
  });
}

training('another seed gives other bits', async () => {
  using trainer = make({ seed: 12 });
  await trainer.train(DATA, { epochs: EPOCHS, validation: TEST });
  assert.is.not(await bitsOf(trainer), whole);
});

training('killed at 20 random points and resumed on a new engine: the same bits', async () => {
  const random = new RandomStream([1, 2], 'kills');
  for (let round = 0; round < 20; round++) {
    // Some runs are killed twice.
    let bytes: Uint8Array | undefined;
    for (let kill = 0; kill < 2; kill++) {
      using trainer = bytes === undefined ? make() : await Trainer.resume(bytes, model(), { engine });
      const controller = new AbortController();
      const after = random.below(12);
      trainer.on('step', ({ step }) => step >= after && controller.abort());
      const save = ({ bytes: saved }: SavedCheckpoint): void => void (bytes = saved);
      await errorOf('ERR_ABORTED', () => trainer.train(DATA, { epochs: EPOCHS, validation: TEST, signal: controller.signal, checkpoint: { save } }));
    }
    using last = await Trainer.resume(bytes as Uint8Array, model(), { engine: round === 0 ? await trainEngine(engine.flavour) : engine });
    await last.train(DATA, { epochs: EPOCHS, validation: TEST });
    assert.is(await bitsOf(last), whole, `round ${round}`);
  }
});

training('every gradient policy resumes to the same bits', async () => {
  const policies: readonly (() => GradientPolicy)[] = [minmax, mse, dsgc, dai8, () => interval({ start: 'paper' })];
  for (const policy of policies) {
    using straight = make({ gradient: policy() });
    await straight.train(DATA, { epochs: 2 });
    using first = make({ gradient: policy() });
    for await (const { step } of first.fit(DATA, { epochs: 2 })) if (step === 3) break;
    using second = await Trainer.resume(await first.save(), model(), { engine, gradient: policy() });
    await second.train(DATA, { epochs: 2 });
    assert.is(await bitsOf(second), await bitsOf(straight), policy().name);
  }
});

training('a step that only measures moves nothing and is no update', async () => {
  const isMoved = async (gradient: GradientPolicy): Promise<boolean> => {
    using trainer = make({ gradient });
    const weights = async (): Promise<string> => String((await trainer.snapshot()).tensors.get('fc.weight')?.data ?? (await trainer.snapshot()).tensors.get('linear.weight')?.data);
    const before = await weights();
    assert.is.not(before, 'undefined');
    for await (const _ of trainer.fit(DATA, { epochs: 1 })) break;
    return before !== (await weights());
  };
  assert.not(await isMoved(interval({ start: 'paper' })));
  assert.ok(await isMoved(interval()));
});

training('overfits one batch in 4 bits', async () => {
  const data = pictures({ count: 32, shape: [8, 8, 3], classes: CLASSES });
  using trainer = make({ batch: 32, augment: {}, optimizer: { weights: sgd({ learningRate: 0.05, momentum: 0.9 }), intervals: adam({ learningRate: 1e-4 }) }, schedule: { kind: 'constant' } });
  const reports = await trainer.train(data, { epochs: 60 });
  assert.ok(reports.at(-1)!.loss < 0.05, `${reports.at(-1)!.loss}`);
  assert.is(reports.at(-1)!.accuracy, 1);
});

training('learns what it was not shown, and evaluate agrees with the reports', async () => {
  const [data, test] = [1, 2].map((seed) => pictures({ count: 160, shape: [12, 12, 1], classes: CLASSES, seed }));
  using trainer = make({ batch: 32, augment: {}, schedule: { kind: 'constant' }, optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }) }, cnn({ classes: CLASSES, size: [12, 12], bits: BITS }));
  const reports = await trainer.train(data!, { epochs: 3, validation: test! });
  assert.ok(reports.at(-1)!.validation!.accuracy > 0.95, JSON.stringify(reports));
  assert.equal(await trainer.evaluate(test!), reports.at(-1)!.validation);
  // Labels that spoil it all, then back.
  await trainer.train({ ...data!, labels: data!.labels.map((label) => (label + 1) % CLASSES) }, { epochs: 5 });
  assert.is.not((await trainer.evaluate(test!)).accuracy, trainer.best!.accuracy);
  const { epoch, ...best } = await trainer.restoreBest();
  assert.equal(await trainer.evaluate(test!), best);
  assert.equal(reports[epoch]!.validation, best);
});

training('mean squared error trains too', async () => {
  const data = pictures({ count: 64, shape: [8, 8, 1], classes: CLASSES });
  using trainer = make({ batch: 16, augment: {}, loss: meanSquaredError(), schedule: { kind: 'constant' }, optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }) }, cnn({ classes: CLASSES, size: [8, 8], bits: null }));
  const reports = await trainer.train(data, { epochs: 10, validation: data });
  assert.ok(reports.at(-1)!.loss < reports[0]!.loss / 4, JSON.stringify(reports));
  assert.ok(reports.at(-1)!.validation!.accuracy > 0.9, JSON.stringify(reports));
});

training('the last batch of an epoch may be smaller; evaluation does not depend on the batch', async () => {
  using trainer = make({ dropLast: false });
  await trainer.train(DATA, { epochs: 2 });
  assert.is(trainer.step, 12);
  using other = await Trainer.resume(await trainer.save(), model(), { engine });
  assert.equal(await other.evaluate(TEST), await trainer.evaluate(TEST));
});

training('reports tell of every quantized layer, and more where it is asked for', async () => {
  using trainer = make();
  for await (const { step, layers } of trainer.fit(DATA, { epochs: 1, watch: { every: 2, histogramBins: 32, largeFraction: 1e-2 } })) {
    assert.is(layers.length, 18);
    for (const layer of layers) {
      assert.ok(layer.clip > 0 && layer.clippedFraction >= 0 && layer.clippedFraction < 0.2, `${layer.layer}: ${layer.clip} ${layer.clippedFraction}`);
      assert.is(layer.histogram?.reduce((sum, count) => sum + count, 0), step % 2 === 0 ? layer.count : undefined);
      assert.is(layer.allError === undefined, step % 2 === 1);
    }
  }
});

training('watching changes no bit', async () => {
  using trainer = make();
  await trainer.train(DATA, { epochs: EPOCHS, validation: TEST, watch: { histogramBins: 16, largeFraction: 1e-3 } });
  assert.is(await bitsOf(trainer), whole);
});

training('a checkpoint of another model is refused, naming the parameter', async () => {
  using trainer = make();
  const bytes = await trainer.save();
  const refusal = async (network: Module, message: RegExp): Promise<void> => assert.match((await errorOf('ERR_CHECKPOINT', () => Trainer.resume(bytes, network, { engine }))).message, message);
  await refusal(resnet20({ classes: CLASSES + 1, width: 0.25, bits: BITS }), /parameter \S*(fc|linear)\S*.*\[5, 16\].*\[4, 16\]/);
  await refusal(resnet20({ classes: CLASSES, width: 0.5, bits: BITS }), /parameter conv1\.weight/);
  await refusal(resnet20({ classes: CLASSES, width: 0.25, bits: null }), /Interval.*none of that name/);
});

/** Numbers far too large. */
class Exploding extends Module {
  readonly linear = new Linear({ in: 2, out: 2 });
  override forward(x: Value): Value {
    return this.linear.forward(x);
  }
}

training('a loss that is no number ends the run with the parameters of the step before', async () => {
  const data = { inputs: Float32Array.from({ length: 32 }, (_, i) => (i % 3) - 1), labels: Array.from({ length: 16 }, (_, i) => i % 2), shape: [2] };
  const saved: SavedCheckpoint[] = [];
  using trainer = make({ batch: 4, augment: {}, loss: meanSquaredError(), optimizer: sgd({ learningRate: 1e6 }), schedule: { kind: 'constant' } }, new Exploding());
  const error = await errorOf('ERR_TRAINING', () => trainer.train(data, { epochs: 40, checkpoint: { everySteps: 1, save: (checkpoint) => void saved.push(checkpoint) } }));
  assert.match(error.message, /step \d+/);
  assert.is(saved.at(-1)!.step, trainer.step);
  using resumed = await Trainer.resume(saved.at(-1)!.bytes, new Exploding(), { engine });
  assert.is(await bitsOf(resumed), await bitsOf(trainer));
});

training('what does not fit the model is named', async () => {
  const refusal = async (code: Parameters<typeof errorOf>[0], call: () => unknown, message: RegExp): Promise<void> => assert.match((await errorOf(code, call)).message, message);
  using trainer = make({ augment: {} });
  await refusal('ERR_DATASET', () => trainer.train(pictures({ count: 40, shape: [8, 8, 3], classes: 9 }), { epochs: 1 }), /labels from 0 to 3/);
  await refusal('ERR_SHAPE', () => trainer.train(pictures({ count: 40, shape: [8, 8, 1], classes: 4 }), { epochs: 1 }), /./);
  await refusal('ERR_ARGUMENT', () => resnet20({ classes: 4, bits: { weight: 9, activation: 4, gradient: 4 } }), /bits\.weight.*2 to 8/);
});

training('a batch that fits no memory is ERR_MEMORY, and the trainer is not lost', async () => {
  const live = engine.liveBytes;
  using trainer = make({ augment: {} });
  const before = await bitsOf(trainer);
  const [size, side] = [20_000, 64];
  const batch = { inputs: new Float32Array(size * side * side * 3), labels: new Int32Array(size), size };
  await errorOf('ERR_MEMORY', () => trainer.train({ shape: [side, side, 3], stepsPerEpoch: 1, batches: [batch] }, { epochs: 1 }));
  assert.is(await bitsOf(trainer), before);
  trainer.dispose();
  assert.is(engine.liveBytes, live);
});

training('dispose gives all memory back', async () => {
  const { liveBytes, liveAllocations } = engine;
  const trainer = make({ dropLast: false });
  await trainer.train(DATA, { epochs: 1, validation: TEST });
  assert.ok(engine.liveBytes > liveBytes);
  trainer.dispose();
  assert.equal([engine.liveBytes, engine.liveAllocations], [liveBytes, liveAllocations]);
});

training.run();
