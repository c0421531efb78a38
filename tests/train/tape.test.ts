/** What operations record: shapes, order, names, signs; and what they refuse. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ReLU } from '../../ts/train/modules/activations.js';
import { BatchNorm2d } from '../../ts/train/modules/batch-norm.js';
import { Flatten, OptionAShortcut, Residual, Sequential } from '../../ts/train/modules/containers.js';
import { Conv2d } from '../../ts/train/modules/conv2d.js';
import { Linear } from '../../ts/train/modules/linear.js';
import { Module } from '../../ts/train/modules/module.js';
import { AvgPool2d, GlobalAvgPool, MaxPool2d } from '../../ts/train/modules/pools.js';
import type { TapeNode, Value } from '../../ts/train/tape/node.js';
import { add } from '../../ts/train/tape/ops/add.js';
import { clamp, relu, relu6 } from '../../ts/train/tape/ops/clamp.js';
import { trace } from '../../ts/train/tape/trace.js';
import { refused } from './refusal.js';

const bits = { weight: 4, activation: 4, gradient: 4 };

/** A module from a function, for one operation. */
class Lambda extends Module {
  readonly #body: (x: Value) => Value;

  constructor(body: (x: Value) => Value) {
    super();
    this.#body = body;
  }

  override forward(x: Value): Value {
    return this.#body(x);
  }
}

const shapeOf = (module: Module, shape: readonly number[]): readonly number[] => trace(module, shape).output.shape;

test('shapes', () => {
  const x = [2, 9, 7, 6];
  assert.equal(shapeOf(new Conv2d({ in: 6, out: 5, kernel: 3 }), x), [2, 7, 5, 5]);
  assert.equal(shapeOf(new Conv2d({ in: 6, out: 4, kernel: [3, 1], stride: [2, 1], padding: [1, 0], groups: 2 }), x), [2, 5, 7, 4]);
  assert.equal(shapeOf(new Conv2d({ in: 6, out: 6, kernel: 3, dilation: 2, groups: 6 }), x), [2, 5, 3, 6]);
  assert.equal(shapeOf(new Conv2d({ in: 6, out: 1, kernel: 3, stride: 2, padding: [0, 0, 1, 1] }), [1, 28, 28, 6]), [1, 14, 14, 1]);
  assert.equal(shapeOf(new Linear({ in: 6, out: 3 }), [5, 6]), [5, 3]);
  assert.equal(shapeOf(new BatchNorm2d(6), x), x);
  assert.equal(shapeOf(new BatchNorm2d(6), [5, 6]), [5, 6]);
  assert.equal(shapeOf(new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }), x), [2, 5, 4, 6]);
  assert.equal(shapeOf(new AvgPool2d({ kernel: 2 }), x), [2, 4, 3, 6]);
  assert.equal(shapeOf(new GlobalAvgPool(), x), [2, 1, 1, 6]);
  assert.equal(shapeOf(new Flatten(), x), [2, 378]);
  assert.equal(shapeOf(new OptionAShortcut({ channels: 9, stride: 2 }), x), [2, 5, 4, 9]);
  assert.equal(shapeOf(new Residual(new ReLU()), x), x);
});

test('nodes hold what the kernels need', () => {
  const [, conv, shortcut] = trace(new Sequential(new Conv2d({ in: 6, out: 4, kernel: 3, stride: 2, padding: 1, bias: false }), new OptionAShortcut({ channels: 9, stride: 1 })), [2, 8, 8, 6]).nodes;
  if (conv?.op !== 'conv2d' || shortcut?.op !== 'option_a_shortcut') return assert.unreachable();
  assert.equal(conv.window, { kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1] });
  assert.equal([conv.bias, conv.quantization, conv.groups], [null, null, 1]);
  assert.equal([shortcut.before, shortcut.after], [2, 3]);
});

test('order, indices and names', () => {
  class Block extends Module {
    readonly conv = new Conv2d({ in: 4, out: 4, kernel: 3, padding: 1 });
    readonly body = [new BatchNorm2d(4), new ReLU()];
    override forward(x: Value): Value {
      return relu(add(this.body.reduce((value: Value, module: Module) => module.forward(value), this.conv.forward(x)), x));
    }
  }
  class Net extends Module {
    readonly stages = new Map([['one', new Block()], ['two', new Block()]]);
    override forward(x: Value): Value {
      return clamp([...this.stages.values()].reduce((value, block) => block.forward(value), x), -1, 1);
    }
  }
  const { nodes, output, valueCount } = trace(new Net(), [1, 5, 5, 4]);
  const names = (prefix: string): string[] => ['conv', 'body.0', 'body.1', 'add', 'clamp'].map((name) => `stages.${prefix}.${name}`);
  assert.equal(nodes.map(({ name }) => name), ['input', ...names('one'), ...names('two'), 'clamp']);
  nodes.forEach((node, index) => {
    assert.is(node.output.node, index);
    assert.is(node.output.index, index);
    assert.ok(node.inputs.every((value) => value.index < node.output.index));
  });
  assert.is(nodes.at(-1)!.output, output);
  assert.is(valueCount, nodes.length);
});

/** Whether the quantized layer after `before` gets symmetric codes. */
function isSigned(before: Module): boolean {
  const nodes = trace(new Sequential(before, new Conv2d({ in: 4, out: 2, kernel: 1, bits })), [1, 4, 4, 4]).nodes;
  const layer = nodes.at(-1) as TapeNode & { op: 'conv2d' };
  return layer.quantization!.isSigned;
}

test('a layer is unsigned where its input is certainly not negative', () => {
  const positive = new ReLU();
  const after = (...modules: Module[]): Module => new Sequential(positive, ...modules);
  const unsigned = [
    positive, new Lambda(relu6), new Lambda((x) => clamp(x, 0.5, 2)), after(new MaxPool2d({ kernel: 2 })), after(new AvgPool2d({ kernel: 2 })), after(new GlobalAvgPool()),
    after(new OptionAShortcut({ channels: 4, stride: 2 })), after(new Residual(positive)), after(new Lambda((x) => clamp(x, -1, 1))),
  ];
  for (const before of unsigned) assert.not(isSigned(before));
  const signed = [new BatchNorm2d(4), new Lambda((x) => clamp(x, -1, 1)), new Residual(positive), new MaxPool2d({ kernel: 2 }), after(new Conv2d({ in: 4, out: 4, kernel: 1 })), after(new BatchNorm2d(4))];
  for (const before of signed) assert.ok(isSigned(before));
  const [, , , layer] = trace(after(new Flatten(), new Linear({ in: 8, out: 2, bits })), [1, 2, 2, 2]).nodes;
  assert.not(layer?.op !== 'linear' || layer.quantization!.isSigned);
});

test('shapes that do not fit are refused with operation, path, argument, expected and received', () => {
  const path = (module: Module): Module => new Sequential(new Sequential(module));
  const cases: [Module, readonly number[], RegExp][] = [
    [new Conv2d({ in: 3, out: 4, kernel: 3 }), [1, 8, 8, 4], /^conv2d "0\.0": "x" expected \[batch, height, width, 3\], got \[1, 8, 8, 4\]$/],
    [new Conv2d({ in: 3, out: 4, kernel: 3 }), [1, 12], /conv2d "0\.0": "x" expected \[batch, height, width, 3\], got \[1, 12\]/],
    [new Conv2d({ in: 3, out: 4, kernel: 9 }), [1, 8, 8, 3], /conv2d "0\.0": "kernel" expected a kernel that fits the padded input of 8x8, got \[9, 9\]/],
    [new Linear({ in: 3, out: 4 }), [1, 5], /linear "0\.0": "x" expected \[batch, 3\], got \[1, 5\]/],
    [new Linear({ in: 3, out: 4 }), [1, 1, 1, 3], /linear "0\.0": "x" expected \[batch, 3\] \(flatten comes before linear\)/],
    [new BatchNorm2d(4), [1, 8, 8, 3], /batch_norm "0\.0": "gamma" expected \[3\], got \[4\]/],
    [new MaxPool2d({ kernel: 3 }), [1, 2, 2, 3], /max_pool "0\.0": "kernel"/],
    [new GlobalAvgPool(), [1, 2], /average_pool "0\.0": "x"/],
    [new Residual(new Conv2d({ in: 3, out: 3, kernel: 3 })), [1, 8, 8, 3], /add "0\.0\.add": "b" expected \[1, 6, 6, 3\], got \[1, 8, 8, 3\]/],
  ];
  for (const [module, shape, message] of cases) refused(() => trace(path(module), shape), 'ERR_SHAPE', message);
  refused(() => trace(path(new MaxPool2d({ kernel: 2, padding: 2 })), [1, 8, 8, 3]), 'ERR_ARGUMENT', /max_pool "0\.0": "padding" expected less than the kernel \[2, 2\]/);
  refused(() => trace(path(new OptionAShortcut({ channels: 2, stride: 2 })), [1, 8, 8, 3]), 'ERR_ARGUMENT', /option_a_shortcut "0\.0": "channels" expected 3 or more, got 2/);
});

test('sizes that are none', () => {
  for (const shape of [[NaN, 8, 8, 3], [0, 8, 8, 3], [1.5, 8, 8, 3], [1, 8, 3], [], [2 ** 20, 2 ** 6, 2 ** 6, 3]]) refused(() => trace(new ReLU(), shape), 'ERR_SHAPE', /tape: "shape"/);
  for (const options of [{ in: NaN, out: 4, kernel: 3 }, { in: 4, out: 0, kernel: 3 }, { in: 4, out: 4, kernel: NaN }, { in: 4, out: 4, kernel: 3, stride: 0 }, { in: 4, out: 4, kernel: 3, padding: -1 },
    { in: 4, out: 4, kernel: 3, dilation: 0.5 }, { in: 4, out: 4, kernel: 3, groups: 3 }, { in: 4, out: 4, kernel: [3, 3, 3] as never }]) {
    refused(() => new Conv2d(options), 'ERR_ARGUMENT', /^Conv2d: "(in|out|kernel|stride|padding|dilation|groups)" expected .*, got/);
  }
  refused(() => new Linear({ in: Infinity, out: 1 }), 'ERR_ARGUMENT', /Linear: "in"/);
  refused(() => new BatchNorm2d(undefined as never), 'ERR_ARGUMENT', /BatchNorm2d: "channels"/);
  refused(() => trace(new Lambda((x) => clamp(x, 1, NaN)), [1, 2]), 'ERR_ARGUMENT', /clamp "clamp": "lo" expected lo < hi/);
  refused(() => trace(new BatchNorm2d(2, { epsilon: NaN }), [1, 2]), 'ERR_ARGUMENT', /epsilon/);
});

test('bits are 2 to 8', () => {
  for (const wrong of [1, 9, 4.5, NaN, '4']) {
    for (const name of ['weight', 'activation', 'gradient']) {
      refused(() => new Conv2d({ in: 4, out: 4, kernel: 3, bits: { ...bits, [name]: wrong } }), 'ERR_ARGUMENT', new RegExp(`^Conv2d: "bits\\.${name}" expected an integer from 2 to 8`));
    }
  }
  refused(() => new Linear({ in: 4, out: 4, bits: 4 as never }), 'ERR_ARGUMENT', /bits\.weight/);
});

test('values of two passes do not mix', () => {
  let stray: Value | undefined;
  trace(new Lambda((x) => (stray = relu(x))), [1, 2]);
  refused(() => trace(new Lambda((x) => add(x, stray!)), [1, 2]), 'ERR_ARGUMENT', /add "add": "inputs" expected values of one tape/);
  refused(() => trace(new Lambda(() => stray!), [1, 2]), 'ERR_ARGUMENT', /Lambda "": "forward" .* got a Value of another forward pass/);
  refused(() => relu({ index: 0, shape: [1, 2], node: 0 }), 'ERR_ARGUMENT', /clamp: "x" expected a Value of a forward pass, got an object of class Object/);
  refused(() => trace(new Lambda((x) => add(x, undefined as never)), [1, 2]), 'ERR_ARGUMENT', /add "add": "b" .* got undefined/);
});

test.run();
