/** The networks: parameter counts as published, names, which layers are quantized and with which codes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Linear } from '../../ts/train/modules/linear.js';
import type { Module } from '../../ts/train/modules/module.js';
import { cnn } from '../../ts/train/models/cnn.js';
import { mobilenetV2 } from '../../ts/train/models/mobilenet-v2.js';
import { MODELS, modelFromExport } from '../../ts/train/models/model-factory.js';
import { resnet20, resnet56 } from '../../ts/train/models/resnet-cifar.js';
import type { TapeNode } from '../../ts/train/tape/node.js';
import { trace } from '../../ts/train/tape/trace.js';
import { refused } from './refusal.js';

const bits = { weight: 4, activation: 4, gradient: 4 };

function learned(model: Module): number {
  return [...model.namedParameters().values()].filter(({ group }) => group === 'weights').reduce((sum, { count }) => sum + count, 0);
}

/** Name, and u or s for the codes of its input; '' for f32. */
function layers(model: Module, shape: readonly number[]): string[] {
  const found = trace(model, shape).nodes.filter((node): node is TapeNode & { op: 'conv2d' | 'linear' } => node.op === 'conv2d' || node.op === 'linear');
  return found.map(({ name, quantization }) => `${name} ${quantization === null ? '' : quantization.isSigned ? 's' : 'u'}`);
}

test('parameter counts', () => {
  // He et al. report 0.27M and 0.85M; 128 are of the batch norm before the linear layer.
  assert.is(learned(resnet20({ classes: 10 })), 269722 + 128);
  assert.is(learned(resnet56({ classes: 10 })), 853018 + 128);
  // torchvision's mobilenet_v2.
  assert.is(learned(mobilenetV2({ classes: 1000, bits })), 3504872);
  assert.is(learned(mobilenetV2({ classes: 1000, width: 0.5 })), 1968680);
  assert.is(learned(cnn({ classes: 10, batchNorm: false })), 16 * 9 + 16 + 32 * 16 * 9 + 32 + 6272 * 10 + 10);
});

test('ResNet-20: 18 quantized convolutions, unsigned inputs; first convolution and linear layer f32', () => {
  const found = layers(resnet20({ classes: 100, bits }), [2, 32, 32, 3]);
  const inner = [1, 2, 3].flatMap((stage) => [0, 1, 2].flatMap((block) => [1, 2].map((conv) => `layer${stage}.${block}.conv${conv} u`)));
  assert.equal(found, ['conv1 ', ...inner, 'linear ']);
  const tape = trace(resnet20({ classes: 100, bits }), [2, 32, 32, 3]);
  assert.equal(tape.output.shape, [2, 100]);
  assert.equal(tape.nodes.filter(({ op }) => op === 'option_a_shortcut').map(({ name, output }) => [name, output.shape]), [['layer2.0.shortcut', [2, 16, 16, 32]], ['layer3.0.shortcut', [2, 8, 8, 64]]]);
  assert.equal(tape.nodes.slice(-4).map(({ op, name }) => [op, name]), [['average_pool', 'average_pool'], ['flatten', 'flatten'], ['batch_norm', 'bn2'], ['linear', 'linear']]);
});

test('ResNet-56 is deeper; width and f32', () => {
  assert.is(layers(resnet56({ classes: 10, bits }), [1, 32, 32, 3]).length, 56);
  assert.equal(layers(resnet20({ classes: 10, width: 2 }), [1, 32, 32, 3]).filter((layer) => !layer.endsWith(' ')), []);
  assert.equal(resnet20({ classes: 10, width: 2 }).conv1.weight.shape, [32, 3, 3, 3]);
});

test('the small network', () => {
  assert.equal(layers(cnn({ classes: 10, bits }), [4, 28, 28, 1]), ['conv1 ', 'conv2 u', 'linear ']);
  const plain = trace(cnn({ classes: 10, batchNorm: false }), [4, 28, 28, 1]);
  assert.equal(plain.nodes.map(({ op }) => op), ['input', 'conv2d', 'clamp', 'conv2d', 'clamp', 'flatten', 'linear']);
  assert.equal(plain.nodes[3]!.output.shape, [4, 14, 14, 32]);
});

test('MobileNetV2: depthwise, and signed inputs after linear bottlenecks', () => {
  const model = mobilenetV2({ classes: 10, bits, resolution: 'cifar' });
  const found = layers(model, [1, 32, 32, 3]);
  assert.is(found.length, 53);
  assert.equal([found[0], found.at(-1)], ['first.conv ', 'linear ']);
  assert.equal(found.filter((layer) => layer.endsWith(' s')), [...Array.from({ length: 16 }, (_, index) => `blocks.${index + 1}.expand.conv s`), 'last.conv s']);
  const tape = trace(model, [1, 32, 32, 3]);
  assert.equal(tape.nodes.find(({ op }) => op === 'average_pool')!.inputs[0]!.shape, [1, 4, 4, 1280]);
  assert.equal(trace(mobilenetV2({ classes: 10 }), [1, 224, 224, 3]).nodes.find(({ op }) => op === 'average_pool')!.inputs[0]!.shape, [1, 7, 7, 1280]);
  const depthwise = tape.nodes.find(({ name }) => name === 'blocks.1.depthwise.conv');
  assert.is(depthwise?.op === 'conv2d' && depthwise.groups, 96);
});

test('by name, for the shape of the data', () => {
  for (const [name, factory] of Object.entries(MODELS)) {
    assert.equal(trace(factory({ classes: 7, shape: [32, 32, 1], bits }), [2, 32, 32, 1]).output.shape, [2, 7], name);
  }
  assert.equal(Object.keys(MODELS), ['cnn', 'resnet20', 'resnet56', 'mobilenetv2']);
});

test('of a user\'s file', () => {
  const request = { classes: 3, shape: [8, 8, 1], bits } as const;
  const model = new Linear({ in: 2, out: 3 });
  assert.is(modelFromExport(() => model, 'net.js', request), model);
  class Net extends Linear {
    constructor({ classes, shape }: { readonly classes: number; readonly shape: readonly number[] }) {
      super({ in: shape[2]!, out: classes });
    }
  }
  assert.equal(modelFromExport(Net, 'net.js', request).namedParameters().get('weight')?.shape, [3, 1], 'a class is called with new');
  refused(() => modelFromExport(class { forward(): void {} namedParameters(): void {} }, 'net.js', request), 'ERR_ARGUMENT', /another copy of dyadic/);
  refused(() => modelFromExport(undefined, 'net.js', request), 'ERR_ARGUMENT', /^model "net\.js": "default export" expected a function/);
  refused(() => modelFromExport(() => 5, 'net.js', request), 'ERR_ARGUMENT', /a function that returns a Module of 'dyadic\/train', got 5$/);
  refused(() => modelFromExport(() => ({ forward: 0, namedParameters: 0 }), 'net.js', request), 'ERR_ARGUMENT', /another copy of dyadic/);
});

test('options out of range', () => {
  refused(() => resnet20({ classes: 1 }), 'ERR_ARGUMENT', /^resnet20: "classes" expected an integer from 2/);
  refused(() => resnet56({ classes: 10, width: 0 }), 'ERR_ARGUMENT', /^resnet56: "width"/);
  refused(() => cnn({ classes: 10, bits: { weight: 9, activation: 4, gradient: 4 } }), 'ERR_ARGUMENT', /^cnn: "bits\.weight" expected an integer from 2 to 8/);
  refused(() => mobilenetV2({ classes: 10, resolution: 'tiny' as never }), 'ERR_ARGUMENT', /^mobilenetV2: "resolution"/);
});

test.run();
