/** trainer.toGraph() and trainer.compile(), on a backend that holds a network made by hand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { minmax } from '../../../ts/train/gradient/minmax.js';
import { tapeToGraph } from '../../../ts/train/deploy/tape-to-graph.js';
import { channelsFirst } from '../../../ts/train/deploy/calibration-samples.js';
import type { Module } from '../../../ts/train/modules/module.js';
import { Trainer } from '../../../ts/train/trainer/trainer.js';
import { errorOf } from '../../engine/error-of.js';
import { engineOf } from '../../engine/flavours.js';
import { trainedNetworks, type TrainedNetwork } from './trained-networks.js';

const engine = await engineOf('auto');
const [residual] = trainedNetworks() as [TrainedNetwork];

function trainerOf({ model, snapshot }: { model: Module; snapshot: TrainedNetwork['snapshot'] }): Trainer {
  const unused = (): never => assert.unreachable('only the snapshot is asked for');
  const backend = { classes: unused, training: unused, evaluation: unused, snapshot: () => snapshot, restore: unused, dispose: () => undefined };
  return new Trainer(model, { gradient: minmax(), engine, normalization: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } }, () => Promise.resolve(backend));
}

function pictures(count: number): { name: string; count: number; shape: [number, number, number]; images: Uint8Array; labels: Int32Array; classes: number; classNames: string[] } {
  const images = Uint8Array.from({ length: count * 8 * 8 * 3 }, (_, i) => (i * 73 + (i >> 6) * 31) & 255);
  return { name: 'made', count, shape: [8, 8, 3], images, labels: Int32Array.from({ length: count }, (_, i) => i % 4), classes: 4, classNames: ['a', 'b', 'c', 'd'] };
}

test('toGraph is the network on the tape with the numbers of the snapshot', async () => {
  using trainer = trainerOf(residual);
  assert.equal(await trainer.toGraph({ shape: [8, 8, 3], name: 'residual' }), tapeToGraph(residual.tape, residual.snapshot, 'residual'));
});

test('toGraph needs a shape before there were data', async () => {
  using trainer = trainerOf(residual);
  const error = await errorOf('ERR_ARGUMENT', () => trainer.toGraph());
  assert.match(error.message, /shape/);
});

test('toGraph refuses intervals that no step has found, and numbers that are none', async () => {
  const untrained = new Map(residual.snapshot.tensors).set('conv2.weightInterval', { shape: [4], data: new Float32Array(4) });
  using fresh = trainerOf({ model: residual.model, snapshot: { tensors: untrained, gradients: new Map() } });
  assert.match((await errorOf('ERR_ARGUMENT', () => fresh.toGraph({ shape: [8, 8, 3] }))).message, /conv2\.weightInterval/);
  const broken = new Map(residual.snapshot.tensors).set('linear.bias', { shape: [4], data: new Float32Array([1, NaN, 1, 1]) });
  using lost = trainerOf({ model: residual.model, snapshot: { tensors: broken, gradients: new Map() } });
  assert.match((await errorOf('ERR_NAN', () => lost.toGraph({ shape: [8, 8, 3] }))).message, /linear\.bias/);
});

test('compile deploys with the normalization of training, and says which layers are quantized', async () => {
  using trainer = trainerOf(residual);
  const { graph, report } = await trainer.compile(pictures(20), { samples: 8, name: 'deployed' });
  assert.is(graph.name, 'deployed');
  const { mean, std, ...rest } = graph.inputs[0]!.preprocess!;
  assert.equal(rest, { size: [8, 8], fit: 'crop', channels: 'rgb', labels: ['a', 'b', 'c', 'd'] });
  assert.equal([mean, std], [[0.5, 0.4, 0.3].map(Math.fround), [0.2, 0.25, 0.3].map(Math.fround)]);
  assert.is(report.calibrationSamples, 8);
  const bits = new Map(report.layers.map(({ name, weightBits, activationBits }) => [name, [weightBits, activationBits]]));
  assert.equal([bits.get('conv1'), bits.get('conv2'), bits.get('conv3'), bits.get('linear')], [[8, 8], [4, 4], [4, 4], [8, 8]]);
});

test('compile draws the same samples from the same seed', async () => {
  using trainer = trainerOf(residual);
  const [first, second] = [await trainer.compile(pictures(20), { samples: 4 }), await trainer.compile(pictures(20), { samples: 4 })];
  assert.equal(first.graph, second.graph);
});

test('compile refuses a number of samples that is none', async () => {
  using trainer = trainerOf(residual);
  assert.match((await errorOf('ERR_ARGUMENT', () => trainer.compile(pictures(4), { samples: 0 }))).message, /samples/);
});

test('a sample in the order of the deployed network', () => {
  assert.equal([...channelsFirst(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 3, 2])], [1, 3, 5, 2, 4, 6]);
  assert.equal([...channelsFirst(Float32Array.of(1, 2, 3), [3])], [1, 2, 3]);
});

test.run();
