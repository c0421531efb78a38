/** What a Trainer refuses, and how it says so. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../../ts/errors.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { adam, sgd } from '../../../ts/train/optimizer/optimizer.js';
import { Trainer, type TrainerOptions } from '../../../ts/train/trainer/trainer.js';
import { errorOf } from '../../engine/error-of.js';
import { creeping, fakeBackend, fakeModel } from './fake-backend.js';
import { points } from './sample-data.js';

const trainers = suite('Trainer refuses');
const DATA = points(50);
const OPTIONS: TrainerOptions = { gradient: creeping, batch: 8, optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }) };
const make = (options: Partial<TrainerOptions> = {}): Trainer => new Trainer(fakeModel(), { ...OPTIONS, ...options }, fakeBackend());

trainers('bad options and data are named', async () => {
  const refusal = async (code: Parameters<typeof errorOf>[0], call: () => unknown, message: RegExp) => assert.match((await errorOf(code, call)).message, message);
  await refusal('ERR_ARGUMENT', () => make().train(DATA, { epochs: 0 }), /fit: "epochs" expected an integer ≥ 1, got 0/);
  await refusal('ERR_ARGUMENT', () => make().train(DATA, undefined as never), /epochs/);
  await refusal('ERR_ARGUMENT', () => make().train(DATA, { epochs: 1, checkpoint: {} as never }), /checkpoint.save/);
  await refusal('ERR_ARGUMENT', () => make().train(DATA, { epochs: 1, watch: { largeFraction: 2 } }), /largeFraction/);
  await refusal('ERR_ARGUMENT', () => make({ batch: 0 }), /Trainer: "batch"/);
  await refusal('ERR_ARGUMENT', () => make({ batchSize: 8 } as never), /Trainer: "batchSize" expected an option of Trainer: gradient, engine, loss, optimizer, .*batch/);
  await refusal('ERR_ARGUMENT', () => make().train(DATA, { epochs: 1, val: DATA } as never), /fit: "val" expected an option of fit: epochs, signal, validation/);
  await refusal('ERR_ARGUMENT', () => make().on('batch' as never, () => {}), /on: "event" expected step or epoch or checkpoint, got batch/);
  await refusal('ERR_ARGUMENT', () => make({ seed: -1 }), /seed/);
  await refusal('ERR_ARGUMENT', () => make({ gradient: {} as never }), /gradient.*interval/);
  await refusal('ERR_ARGUMENT', () => make({ loss: { kind: 'hinge' } as never }), /loss/);
  await refusal('ERR_ARGUMENT', () => make({ augment: { mirror: true } as never }), /augment/);
  await refusal('ERR_ARGUMENT', () => make({ normalization: { mean: [0], std: [0] } }), /normalization.std/);
  await refusal('ERR_ARGUMENT', () => new Trainer({} as never, OPTIONS), /model/);
  const picture = { name: 'p', count: 1, shape: [1, 4, 1], images: new Uint8Array(4), labels: Int32Array.of(0), classes: 3 } as const;
  for (const wrong of [{ shape: undefined }, { images: [0, 0, 0, 0] }, { labels: [0] }, { images: undefined }, { count: 0 }, { labels: undefined }]) {
    await refusal('ERR_DATASET', () => make().train({ ...picture, ...wrong } as never, { epochs: 1 }), /dataset: "p" expected/);
  }
  for (const wrong of [{}, null, 5, { inputs: 1, labels: [0], shape: [4] }, { batches: 5, shape: [4], stepsPerEpoch: 1 }, { inputs: new Float32Array(4), shape: [4] }]) {
    try {
      await make().train(wrong as never, { epochs: 1 });
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof DyadicError && ['ERR_DATASET', 'ERR_ARGUMENT'].includes(error.code), String(error));
    }
  }
  await refusal('ERR_DATASET', () => make({ batch: 64 }).train(DATA, { epochs: 1 }), /at least the 64 samples of a batch, got 50/);
  await refusal('ERR_DATASET', () => make().train({ ...DATA, labels: DATA.labels.map((label) => label + 1) }, { epochs: 1 }), /labels.*0 to 2.*3/);
  await refusal('ERR_DATASET', () => make().train({ shape: [4], stepsPerEpoch: 1, batches: [{ inputs: new Float32Array(4), labels: Int32Array.of(3), size: 1 }] }, { epochs: 1 }), /labels of step 0.*3/);
});

trainers('resume refuses what does not belong together', async () => {
  const trainer = make();
  await trainer.train(DATA, { epochs: 1 });
  const bytes = await trainer.save();
  const refusal = async (call: () => unknown, message: RegExp) => assert.match((await errorOf('ERR_CHECKPOINT', call)).message, message);
  await refusal(() => Trainer.resume(bytes, new Linear({ in: 4, out: 5, bias: false }), { gradient: creeping }, fakeBackend()), /parameter weight.*\[5, 4\].*\[3, 4\]/);
  await refusal(() => Trainer.resume(bytes, fakeModel(), { gradient: { ...creeping, name: 'minmax' } }, fakeBackend()), /gradient.*expected creeping, got minmax/);
  await refusal(() => Trainer.resume(bytes, fakeModel(), { gradient: creeping, optimizer: adam({ learningRate: 1 }) }, fakeBackend()), /optimizer.weights.*sgd.*adam/);
  const other = await Trainer.resume(bytes, fakeModel(), { gradient: creeping, optimizer: sgd({ learningRate: 7 }) }, fakeBackend());
  assert.is(other.settings.optimizer.weights.learningRate, 7);
});

trainers.run();
