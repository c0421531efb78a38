/** A misspelt option would change nothing, so it is refused wherever options are read. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import * as train from '../../ts/train/index.js';
import { exportOnnx } from '../../ts/onnx/export/export.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { refused } from './refusal.js';

const { cnn, Conv2d, Linear, BatchNorm2d, Trainer } = train;

/** Options with one that there is none of, as a user of plain JavaScript may write them. */
const wrong = (options: object = {}): never => ({ ...options, strides: 2 }) as never;

const READERS: readonly (readonly [string, () => unknown])[] = [
  ['Conv2d', () => new Conv2d(wrong({ in: 1, out: 1, kernel: 1 }))],
  ['Linear', () => new Linear(wrong({ in: 1, out: 1 }))],
  ['BatchNorm2d', () => new BatchNorm2d(4, wrong())],
  ['MaxPool2d', () => new train.MaxPool2d(wrong({ kernel: 2 }))],
  ['AvgPool2d', () => new train.AvgPool2d(wrong({ kernel: 2, countIncludePad: false }))],
  ['OptionAShortcut', () => new train.OptionAShortcut(wrong({ channels: 4, stride: 2 }))],
  ['cnn', () => cnn(wrong({ classes: 2 }))],
  ['resnet20', () => train.resnet20(wrong({ classes: 2, width: 1 }))],
  ['resnet56', () => train.resnet56(wrong({ classes: 2, width: 1 }))],
  ['mobilenetV2', () => train.mobilenetV2(wrong({ classes: 2, resolution: 'cifar' }))],
  ['interval', () => train.interval(wrong())],
  ['dsgc', () => train.dsgc(wrong())],
  ['mse', () => train.mse(wrong())],
  ['sgd', () => train.sgd(wrong({ learningRate: 1 }))],
  ['stepSchedule', () => train.stepSchedule(wrong({ every: 1 }))],
  ['multiStep', () => train.multiStep(wrong({ at: [1] }))],
  ['cosine', () => train.cosine(wrong({ epochs: 1 }))],
  ['warmUp', () => train.warmUp(wrong({ epochs: 1 }))],
  ['crossEntropy', () => train.crossEntropy(wrong())],
  ['Trainer', () => new Trainer(cnn({ classes: 2 }), wrong())],
];

for (const [op, read] of READERS) test(`${op} names an option that it does not have`, () => refused(read, 'ERR_ARGUMENT', new RegExp(`^${op}.*strides`)));

test('so do the methods of a Trainer, and ONNX import and export', async () => {
  const trainer = new Trainer(cnn({ classes: 2 }));
  const data = { inputs: new Float32Array(28 * 28), labels: Int32Array.of(0), shape: [28, 28, 1] };
  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['fit', async () => trainer.fit(data, wrong({ epochs: 1 })).next()],
    ['fit.checkpoint', async () => trainer.fit(data, { epochs: 1, checkpoint: wrong({ save: () => {} }) }).next()],
    ['fit.watch', async () => trainer.fit(data, { epochs: 1, watch: wrong() }).next()],
    ['evaluate', () => trainer.evaluate(data, wrong())],
    ['toGraph', () => trainer.toGraph(wrong())],
    ['compile', () => trainer.compile(data, wrong())],
    ['resume', () => Trainer.resume(new Uint8Array(8), cnn({ classes: 2 }), wrong())],
    ['exportOnnx', () => exportOnnx({ name: '', inputs: [], outputs: [], nodes: [], constants: new Map(), values: new Map() }, wrong())],
    ['importOnnx', () => importOnnx(new Uint8Array(8), wrong())],
  ];
  for (const [op, call] of calls) {
    const error = await call().then(() => assert.unreachable(op), (thrown: unknown) => thrown as DyadicError);
    assert.instance(error, DyadicError, op);
    assert.match(error.message, new RegExp(`^${op.replace('.', '\\.')}.*strides`));
  }
  trainer.dispose();
});

test('options that are no object, and flags that are neither true nor false', () => {
  refused(() => new Conv2d(undefined as never), 'ERR_ARGUMENT', /^Conv2d.*options.*undefined/);
  refused(() => train.resnet20(null as never), 'ERR_ARGUMENT', /^resnet20.*options.*null/);
  refused(() => new Conv2d({ in: 1, out: 1, kernel: 1, bias: 'no' as never }), 'ERR_ARGUMENT', /^Conv2d.*bias.*true or false.*no/);
  refused(() => new Linear({ in: 1, out: 1, bias: 0 as never }), 'ERR_ARGUMENT', /^Linear.*bias.*true or false.*0/);
  refused(() => cnn({ classes: 2, batchNorm: 'yes' as never }), 'ERR_ARGUMENT', /^cnn.*batchNorm/);
  refused(() => cnn({ classes: 2, size: 28.5 as never }), 'ERR_ARGUMENT', /^cnn.*size/);
});

test.run();
