/** Modules: what is found in their fields, what a user's module may do, and how a wrong one is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ReLU } from '../../ts/train/modules/activations.js';
import { BatchNorm2d } from '../../ts/train/modules/batch-norm.js';
import { Residual, Sequential } from '../../ts/train/modules/containers.js';
import { Conv2d } from '../../ts/train/modules/conv2d.js';
import { filled } from '../../ts/train/modules/initial.js';
import { Linear } from '../../ts/train/modules/linear.js';
import { Module } from '../../ts/train/modules/module.js';
import { Parameter } from '../../ts/train/modules/parameter.js';
import type { TapeNode, Value } from '../../ts/train/tape/node.js';
import { add } from '../../ts/train/tape/ops/add.js';
import { linear } from '../../ts/train/tape/ops/linear.js';
import { trace } from '../../ts/train/tape/trace.js';
import { refused } from './refusal.js';

const bits = { weight: 4, activation: 4, gradient: 4 };
const layer = (): Linear => new Linear({ in: 2, out: 2 });

test('parameters are named as in PyTorch', () => {
  class Net extends Module {
    readonly stem = new Sequential(new Conv2d({ in: 3, out: 4, kernel: 3, bias: false }), new BatchNorm2d(4), new ReLU());
    readonly layer1 = [new Residual(new Conv2d({ in: 4, out: 4, kernel: 1, bits }))];
    readonly heads = new Map([['a', layer()]]);
    readonly scale = new Parameter([1], { group: 'weights', initial: filled([1], 1) });
    readonly size = 3;
    readonly nothing = null;
    override forward(x: Value): Value {
      return x;
    }
  }
  const net = new Net();
  assert.equal([...net.namedParameters().keys()], [
    'scale', 'stem.0.weight', 'stem.1.weight', 'stem.1.bias', 'stem.1.running',
    'layer1.0.body.weight', 'layer1.0.body.bias', 'layer1.0.body.weightInterval', 'layer1.0.body.activationInterval', 'heads.a.weight', 'heads.a.bias',
  ]);
  assert.equal([...net.children().keys()], ['stem', 'layer1.0', 'heads.a']);
  assert.equal([...net.namedModules().keys()], ['', 'stem', 'stem.0', 'stem.1', 'stem.2', 'layer1.0', 'layer1.0.body', 'heads.a']);
  const groups = [...net.namedParameters()].filter(([, { group }]) => group !== 'weights');
  assert.equal(groups.map(([name, { group, shape }]) => [name, group, shape]), [
    ['stem.1.running', 'none', [2, 4]], ['layer1.0.body.weightInterval', 'intervals', [4]], ['layer1.0.body.activationInterval', 'intervals', [4]],
  ]);
});

test('a module used twice shares its weights; its second node is told apart', () => {
  class Twice extends Module {
    readonly layer = layer();
    readonly same = this.layer;
    override forward(x: Value): Value {
      return this.same.forward(this.layer.forward(x));
    }
  }
  const model = new Twice();
  assert.equal([...model.namedParameters().keys()], ['layer.weight', 'layer.bias']);
  const nodes = trace(model, [1, 2]).nodes as (TapeNode & { op: 'linear' })[];
  assert.equal(nodes.map(({ name }) => name), ['input', 'layer', 'layer:2']);
  assert.is(nodes[1]!.weight, nodes[2]!.weight);
});

test('a shared quantized layer has one kind of codes', () => {
  class Twice extends Module {
    readonly layer = new Linear({ in: 2, out: 2, bits });
    readonly relu = new ReLU();
    readonly isBothPositive: boolean;
    constructor(isBothPositive: boolean) {
      super();
      this.isBothPositive = isBothPositive;
    }
    override forward(x: Value): Value {
      const hidden = this.layer.forward(this.relu.forward(x));
      return this.layer.forward(this.isBothPositive ? this.relu.forward(hidden) : hidden);
    }
  }
  assert.is(trace(new Twice(true), [1, 2]).nodes.length, 5);
  refused(() => trace(new Twice(false), [1, 2]), 'ERR_ARGUMENT', /linear "layer": "x" expected an input that is never negative, as in its other use/);
});

/** Refused with ERR_ARGUMENT when traced for [1, 2]. */
function refusedForward(model: Module, message: RegExp): void {
  refused(() => trace(model, [1, 2]), 'ERR_ARGUMENT', message);
}

test('what is hidden from the walk is refused where it is used', () => {
  const outside = layer();
  class Closure extends Module {
    override forward(x: Value): Value {
      return outside.forward(x);
    }
  }
  refusedForward(new Closure(), /^Linear used by "": "module" expected one in a public field/);
  class Private extends Module {
    readonly #layer = layer();
    override forward(x: Value): Value {
      return this.#layer.forward(x);
    }
  }
  refusedForward(new Sequential(new Private()), /^Linear used by "0": "module" .* #private/);
  const weight = new Parameter([2, 2], { group: 'weights', initial: filled([2, 2], 0) });
  class Loose extends Module {
    override forward(x: Value): Value {
      return linear(x, { weight });
    }
  }
  refusedForward(new Loose(), /^linear "linear": "weight" expected a Parameter in a public field .* got one of shape \[2, 2\]/);
});

test('forward gives a Value back', () => {
  class Wrong extends Module {
    readonly given: unknown;
    constructor(given: unknown) {
      super();
      this.given = given;
    }
    override forward(): Value {
      return this.given as Value;
    }
  }
  refusedForward(new Sequential(new Wrong(undefined)), /^Wrong "0": "forward" expected the Value that it returns to come from this forward pass, got undefined$/);
  refusedForward(new Wrong(Promise.resolve()), /got an object of class Promise/);
  refusedForward(new Wrong(5), /got number 5/);
  class Endless extends Module {
    override forward(x: Value): Value {
      return this.forward(x);
    }
  }
  refusedForward(new Endless(), /^Endless "": "forward" expected a forward that ends, got one that calls itself/);
});

test('what is no model', () => {
  refused(() => trace({ forward: () => 0 } as never, [1, 2]), 'ERR_ARGUMENT', /trace: "model" expected a Module of this copy of dyadic, got an object of class Object/);
  refused(() => trace(undefined as never, [1, 2]), 'ERR_ARGUMENT', /got undefined/);
  refused(() => new Sequential(layer(), 5 as never), 'ERR_ARGUMENT', /Sequential: "modules\[1\]" expected a Module, got 5/);
  refused(() => new Residual(undefined as never), 'ERR_ARGUMENT', /Residual: "body"/);
  const Bare = class Bare extends (Module as unknown as new () => object) {};
  refused(() => new Bare(), 'ERR_ARGUMENT', /Bare: "forward" expected a method, got undefined/);
  refused(() => layer().forward(undefined as never), 'ERR_ARGUMENT', /Linear\.forward: "x" expected a Value of a forward pass, got undefined/);
});

test('two fields of one dotted name', () => {
  class Clash extends Module {
    readonly a = [layer()];
    readonly 'a.0' = layer();
    override forward(x: Value): Value {
      return x;
    }
  }
  refusedForward(new Clash(), /Clash: "a\.0" expected one module or parameter per name/);
});

test('a module of two inputs, and one that extends another', () => {
  class Sum extends Module {
    override forward(a: Value, b: Value): Value {
      return add(a, b);
    }
  }
  class Net extends Module {
    readonly layer: Linear = layer();
    readonly sum = new Sum();
    override forward(x: Value): Value {
      return this.sum.forward(this.layer.forward(x), x);
    }
  }
  class Deeper extends Net {
    readonly last = layer();
    override forward(x: Value): Value {
      return this.last.forward(super.forward(x));
    }
  }
  assert.equal(trace(new Deeper(), [1, 2]).nodes.map(({ name }) => name), ['input', 'layer', 'sum', 'last']);
});

test.run();
