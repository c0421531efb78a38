/** Which nodes become one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BatchNorm2d } from '../../../ts/train/modules/batch-norm.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { Module } from '../../../ts/train/modules/module.js';
import { fuse } from '../../../ts/train/program/fuse.js';
import type { Value } from '../../../ts/train/tape/node.js';
import { add } from '../../../ts/train/tape/ops/add.js';
import { clamp, relu } from '../../../ts/train/tape/ops/clamp.js';
import { trace } from '../../../ts/train/tape/trace.js';

class Layers extends Module {
  readonly conv = new Conv2d({ in: 4, out: 4, kernel: 3, padding: 1, bias: false });
  readonly a = new BatchNorm2d(4);
  readonly b = new BatchNorm2d(4);

  constructor(readonly body: (layers: Layers, x: Value) => Value) {
    super();
  }

  override forward(x: Value): Value {
    return this.body(this, x);
  }
}

/** `normalize a + input [0, Infinity]`: what the plan says. */
function planOf(body: (layers: Layers, x: Value) => Value): { readonly nodes: string[]; readonly sums: number } {
  const tape = trace(new Layers(body), [2, 5, 5, 4]);
  const { nodes, sums } = fuse(tape);
  const nameOf = (value: Value): string => nodes.find(({ output }) => output === value)?.name ?? `lost value ${value.index}`;
  const text = nodes.map((node) => {
    if (node.op === 'normalize') return `normalize ${nameOf(node.input)}${node.residual === null ? '' : ` + ${nameOf(node.residual)}`} [${node.lo}, ${node.hi}]`;
    if (node.op === 'add') return `add ${node.inputs.map(nameOf).join(' + ')} [${node.lo}, ${node.hi}]`;
    return node.op === 'clamp' ? `clamp ${nameOf(node.inputs[0]!)}` : node.op;
  });
  return { nodes: text, sums: sums.size };
}

test('batch norm, the residual and the clamp are one pass', () => {
  assert.equal(planOf(({ conv, a }, x) => relu(add(a.forward(conv.forward(x)), x))).nodes, ['input', 'conv2d', 'normalize conv + input [0, Infinity]']);
  assert.equal(planOf(({ conv, a }, x) => relu(add(x, a.forward(conv.forward(x))))).nodes, ['input', 'conv2d', 'normalize conv + input [0, Infinity]']);
  assert.equal(planOf(({ conv, a }, x) => clamp(a.forward(conv.forward(x)), -1, 2)).nodes, ['input', 'conv2d', 'normalize conv [-1, 2]']);
  assert.equal(planOf(({ conv, a }, x) => a.forward(conv.forward(x))), { nodes: ['input', 'conv2d', 'normalize conv [-Infinity, Infinity]'], sums: 1 });
});

test('of two batch norms that are added, the later one adds', () => {
  const { nodes, sums } = planOf(({ conv, a, b }, x) => {
    const shared = conv.forward(x);
    return relu(add(a.forward(shared), b.forward(shared)));
  });
  assert.equal(nodes, ['input', 'conv2d', 'normalize conv [-Infinity, Infinity]', 'normalize conv + a [0, Infinity]']);
  assert.is(sums, 0, 'two batch norms read the convolution');
});

test('what somebody else reads stays', () => {
  assert.equal(
    planOf(({ conv, a }, x) => {
      const normal = a.forward(conv.forward(x));
      return add(relu(normal), normal);
    }).nodes,
    ['input', 'conv2d', 'normalize conv [-Infinity, Infinity]', 'clamp a', 'add relu + a [-Infinity, Infinity]'].map((line) => line.replace('relu', 'clamp')),
  );
  assert.equal(planOf(({ conv, a }, x) => {
    const normal = a.forward(conv.forward(x));
    return add(normal, normal);
  }).nodes, ['input', 'conv2d', 'normalize conv [-Infinity, Infinity]', 'add a + a [-Infinity, Infinity]']);
  assert.equal(planOf((_, x) => relu(add(x, x))).nodes, ['input', 'add input + input [0, Infinity]']);
});

test('what leads nowhere is left out', () => {
  assert.equal(planOf(({ conv, a }, x) => {
    a.forward(conv.forward(x));
    return relu(x);
  }).nodes, ['input', 'clamp input']);
});

test.run();
