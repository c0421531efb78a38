import type { Value } from '../tape/node.js';
import { relu, relu6 } from '../tape/ops/clamp.js';
import { Module } from './module.js';

/** max(x, 0) */
export class ReLU extends Module {
  override forward(x: Value): Value {
    return relu(x);
  }
}

/** min(max(x, 0), 6) */
export class ReLU6 extends Module {
  override forward(x: Value): Value {
    return relu6(x);
  }
}
