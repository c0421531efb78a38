/** The options of `train`, and what a resumed run may change. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../ts/cli/arguments.js';
import { LOG, RunFolder } from '../../ts/cli/train-folder.js';
import { clockText, progressText } from '../../ts/cli/train-progress.js';
import { logIntervals, Recorder } from '../../ts/cli/train-recorder.js';
import { gradientPolicy, resumedOptions, runOptions, type RunOptions, trainSettings } from '../../ts/cli/train-settings.js';
import { DyadicError } from '../../ts/errors.js';
import type { TrainingStep } from '../../ts/train/trainer/training-step.js';

const refused = (run: () => unknown, message: RegExp): void => assert.throws(run, (error: unknown) => error instanceof UsageError && message.test(error.message));
const settings = (options: RunOptions): ReturnType<typeof trainSettings> => trainSettings({ data: 'd', ...options });
const root = mkdtempSync(join(tmpdir(), 'dyadic-settings-'));
test.after(() => rmSync(root, { recursive: true, force: true }));

test('without options: the small network at 4/4/4, interval, as the paper trains', () => {
  const { model, bits, gradient, epochs, batch, optimizer, schedule, augment, seed } = settings({});
  assert.equal([model, bits, gradient, epochs, batch, seed], ['cnn', { weight: 4, activation: 4, gradient: 4 }, 'interval', 10, 128, 0]);
  assert.is(optimizer.weights.learningRate, 0.02);
  assert.equal(settings({ model: 'resnet20' }).optimizer.weights, { kind: 'sgd', learningRate: 0.1, momentum: 0.9, dampening: 0, weightDecay: 1e-4, nesterov: false });
  assert.equal([optimizer.intervals.kind, optimizer.intervals.learningRate, schedule, augment], ['adam', 1e-5, { kind: 'cosine', epochs: 10, final: 0 }, {}]);
});

test('bits, schedules, augmentation', () => {
  assert.equal(settings({ bits: '8/4/5' }).bits, { weight: 8, activation: 4, gradient: 5 });
  assert.equal(settings({ bits: '6' }).bits, { weight: 6, activation: 6, gradient: 6 });
  assert.is(settings({ bits: '32' }).bits, null);
  for (const bits of ['1', '9/4/4', '4/4', '4/4/4/4', '4/4/32', 'four', '']) refused(() => settings({ bits }), /--bits is WEIGHTS\/ACTIVATIONS\/GRADIENTS/);
  assert.equal(settings({ schedule: 'step:30' }).schedule, { kind: 'step', every: 30, factor: 0.1 });
  assert.equal(settings({ schedule: 'multistep:80,120:0.2' }).schedule, { kind: 'multi_step', at: [80, 120], factor: 0.2 });
  assert.equal(settings({ schedule: 'cosine:0.01', epochs: '3' }).schedule, { kind: 'cosine', epochs: 3, final: 0.01 });
  assert.equal(settings({ schedule: 'constant', warmUp: '2' }).schedule, { kind: 'warm_up', epochs: 2, from: 0, then: { kind: 'constant' } });
  for (const schedule of ['linear', 'step', 'step:0', 'step:x', 'step:1,2', 'step:1:', 'multistep:', 'multistep:3,2', 'cosine:-1', 'cosine:0:1', 'constant:1', 'step:1:2:3']) refused(() => settings({ schedule }), /--schedule is constant, cosine/);
  assert.equal(settings({ augment: 'crop:4,flip' }).augment, { horizontalFlip: true, cropPadding: 4 });
  for (const augment of ['spin', 'flip,flip', 'crop', 'crop:-1', 'flip,', '']) refused(() => settings({ augment }), /--augment is none, flip/);
});

test('what cannot be is refused, with the option', () => {
  refused(() => trainSettings({}), /--data DIR is missing/);
  refused(() => settings({ bits: '32', gradient: 'mse' }), /--gradient needs quantized gradients/);
  refused(() => settings({ gradient: 'max' }), /--gradient is one of interval, minmax, mse, dsgc, dai8, not "max"/);
  refused(() => settings({ optimizer: 'adam', momentum: '0.9' }), /--momentum belongs to --optimizer sgd/);
  refused(() => settings({ lr: 'fast' }), /--lr is a number from 0 to 1000000, not "fast"/);
  refused(() => settings({ alpha: '0' }), /--alpha is a number/);
  refused(() => settings({ epochs: '0' }), /--epochs is a whole number of at least 1/);
  refused(() => settings({ seed: '9007199254740993' }), /--seed is a whole number up to/);
  refused(() => settings({ labelSmoothing: '1' }), /--label-smoothing is a number from 0 to 0.99/);
  refused(() => runOptions({ lr: [1, 2] }), /--lr is given 2 times/);
});

test('the method by its name', () => {
  assert.equal(['interval', 'minmax', 'mse', 'dsgc', 'dai8'].map((gradient) => gradientPolicy(settings({ gradient })).name), ['interval', 'minmax', 'mse', 'dsgc', 'dai8']);
  assert.ok(gradientPolicy(settings({ start: 'paper' })).isMeasuring?.({ gamma: 1, started: 0, moves: 0 }));
});

test('a resumed run may be longer, elsewhere and at another rate, but not another run', () => {
  const saved = runOptions({ data: 'd', epochs: 3, bits: '4/4/4' });
  assert.equal(resumedOptions(saved, { epochs: '5', lr: '0.01' }), { data: 'd', epochs: '5', bits: '4/4/4', lr: '0.01' });
  assert.equal(resumedOptions(saved, { bits: '4/4/4' }), saved, 'the same said again');
  refused(() => resumedOptions(saved, { bits: '8/8/8' }), /--bits cannot change when a run is resumed \(it was 4\/4\/4\); what can: --data, --epochs/);
  refused(() => resumedOptions(saved, { weightDecay: '1' }), /--weight-decay cannot change when a run is resumed \(it was not given\)/);
});

test('a folder holds one run, and what is in it stays whole', () => {
  const path = join(root, 'run');
  const file = { version: 1, options: { data: 'd' } } as const;
  const folder = RunFolder.create(path, file);
  assert.equal(RunFolder.open(path).file, file);
  RunFolder.create(path, file); // nothing was begun
  writeFileSync(folder.file(LOG), '{"type":"run","arm":"interval"}\n');
  assert.not(RunFolder.create(path, file).has(LOG), 'a start that made no step is no run, and its log goes');
  folder.log({ type: 'end', epochs: 0, step: 0, bestAccuracy: 0, bestEpoch: 0, reason: 'done' });
  refused(() => RunFolder.create(path, file), /holds a run already: go on with --resume/);
  writeFileSync(folder.file(LOG), '{"type":"end"}\n{"type":"st');
  folder.mendLog();
  assert.is(folder.readText(LOG), '{"type":"end"}\n');

  const fails = (run: () => void, message: RegExp): void => assert.throws(run, (error: unknown) => error instanceof DyadicError && message.test(`${error.code} ${error.message}`));
  mkdirSync(join(path, 'checkpoint.safetensors', 'in the way'), { recursive: true });
  fails(() => folder.write('checkpoint.safetensors', new Uint8Array(9)), /ERR_FILE train: ".*checkpoint\.safetensors" expected a place to write to/);
  assert.equal(readdirSync(path).sort(), ['checkpoint.safetensors', 'log.jsonl', 'run.json'], 'nothing half written is left');
  writeFileSync(join(path, 'run.json'), '{"version":2,"options":{}}');
  fails(() => RunFolder.open(path), /ERR_CHECKPOINT .*expected version 1, got 2/);
  writeFileSync(join(path, 'run.json'), '{');
  fails(() => RunFolder.open(path), /ERR_CHECKPOINT .*expected JSON/);
  writeFileSync(join(path, 'run.json'), '{"version":1,"options":{"lr":1}}');
  fails(() => RunFolder.open(path), /expected options as text/);
  fails(() => RunFolder.create(join(path, 'run.json', 'below'), file), /ERR_FILE/);
  assert.is(readFileSync(join(path, 'run.json'), 'utf8'), '{"version":1,"options":{"lr":1}}');
});

const step = (number: number, more: Partial<TrainingStep> = {}): TrainingStep => ({ epoch: 0, step: number, steps: 40, loss: number, accuracy: 0.5, imagesPerSecond: 1234.5, secondsLeft: 75, learningRate: 0.1, layers: [], ...more });

test('the log has the means since the line before, and times steps without evaluation', () => {
  let now = 0;
  const recorder = new Recorder({ every: 2, batch: 10, stepsPerEpoch: 4, layers: ['', 'conv1', 'conv2'] }, () => now);
  const lines = [0, 1, 2].map((number) => {
    now += 1;
    return recorder.step(step(number));
  });
  assert.equal(lines.map((line) => line && [line.step, line.epoch, line.loss]), [[1, 0.25, 0], null, [3, 0.75, 1.5]]);
  now += 100; // the last step and the evaluation
  const report = { epoch: 0, loss: 1, accuracy: 0.5, validation: { loss: 2, accuracy: 0.25 }, isBest: true };
  const epoch = recorder.epoch(report, 4);
  assert.equal([epoch.epoch, epoch.step, epoch.imagesPerSecond, epoch.seconds, epoch.testAccuracy], [1, 4, 10, 4, 0.25]);
  assert.is(recorder.step(step(3, { epochEnd: report })), null);
  now += 2;
  const layers = ['other', 'conv2', 'conv1'].map((layer) => ({ layer, count: 1, maximum: 1, clip: 1, clippedFraction: 0 }));
  const line = recorder.step(step(4, { layers }));
  assert.is(line?.loss, 3.5);
  assert.equal(line?.layers.map(({ layer }) => layer), ['conv1', 'conv2', 'other'], 'in the order of the network');
  assert.is(recorder.epoch({ ...report, epoch: 1 }, 8).imagesPerSecond, 5);
});

test('a run of any length has about 200 lines', () => {
  assert.equal(logIntervals(40), { line: 1, watch: 8 });
  assert.equal(logIntervals(46_800), { line: 234, watch: 1872 });
});

test('the progress line', () => {
  assert.is(progressText('', step(11), 10), 'epoch 1/10  step 12/40  loss 11.000  accuracy 50.0 %  1,235 images/s  1:15 left');
  assert.is(progressText('mse', step(0, { imagesPerSecond: 3.21, secondsLeft: Infinity }), 10), 'mse  epoch 1/10  step 1/40  loss 0.000  accuracy 50.0 %  3.2 images/s  – left');
  assert.equal([clockText(5), clockText(75), clockText(3675)], ['0:05', '1:15', '1:01:15']);
});

test.run();
