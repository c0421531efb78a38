/** Small networks as training could leave them: made by hand, with the channels that make trouble: γ below zero, γ = 0, γ so small that the channel is dead. */
import type { Graph } from '../../../ts/graph/graph.js';
import { elementCount } from '../../../ts/graph/shape.js';
import { tapeToGraph } from '../../../ts/train/deploy/tape-to-graph.js';
import { BatchNorm2d } from '../../../ts/train/modules/batch-norm.js';
import { OptionAShortcut } from '../../../ts/train/modules/containers.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { initialValues } from '../../../ts/train/modules/initial-values.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { Module } from '../../../ts/train/modules/module.js';
import type { Parameter } from '../../../ts/train/modules/parameter.js';
import type { StateSnapshot } from '../../../ts/train/program/training-program.js';
import type { LayerBits, TapeNode, Value } from '../../../ts/train/tape/node.js';
import { add } from '../../../ts/train/tape/ops/add.js';
import { clamp, relu, relu6 } from '../../../ts/train/tape/ops/clamp.js';
import { flatten } from '../../../ts/train/tape/ops/flatten.js';
import { averagePool, globalAveragePool, maxPool } from '../../../ts/train/tape/ops/pool.js';
import type { Tape } from '../../../ts/train/tape/tape.js';
import { trace } from '../../../ts/train/tape/trace.js';
import { evaluateGraph } from '../../onnx/reference-evaluator.js';
import { noise } from '../../quantize/networks.js';

const bitsOf = (width: number): LayerBits => ({ weight: width, activation: width, gradient: 4 });

/** First layer in f32, two blocks of 4-bit convolutions with a shortcut A between, batch norm in front of the last layer. */
class ResidualNetwork extends Module {
  readonly conv1 = new Conv2d({ in: 3, out: 6, kernel: 3, padding: 1, bias: false });
  readonly bn1 = new BatchNorm2d(6);
  readonly conv2 = new Conv2d({ in: 6, out: 6, kernel: 3, padding: 1, bias: false, bits: bitsOf(4) });
  readonly bn2 = new BatchNorm2d(6);
  readonly conv3 = new Conv2d({ in: 6, out: 9, kernel: 3, stride: 2, padding: 1, bias: false, bits: bitsOf(4) });
  readonly bn3 = new BatchNorm2d(9);
  readonly shortcut = new OptionAShortcut({ channels: 9, stride: 2 });
  readonly bn4 = new BatchNorm2d(9);
  readonly linear = new Linear({ in: 9, out: 4 });

  override forward(x: Value): Value {
    const a = relu(this.bn1.forward(this.conv1.forward(x)));
    const b = relu(add(this.bn2.forward(this.conv2.forward(a)), a));
    const c = relu(add(this.bn3.forward(this.conv3.forward(b)), this.shortcut.forward(b)));
    return this.linear.forward(this.bn4.forward(flatten(globalAveragePool(c))));
  }
}

/** 1×1, depthwise, 1×1 without activation, so that what follows reads signed codes. */
class BottleneckNetwork extends Module {
  readonly conv1 = new Conv2d({ in: 2, out: 8, kernel: 3, stride: 2, padding: 1, bias: false });
  readonly bn1 = new BatchNorm2d(8);
  readonly depthwise = new Conv2d({ in: 8, out: 8, kernel: 3, padding: 1, groups: 8, bias: false, bits: bitsOf(4) });
  readonly bn2 = new BatchNorm2d(8);
  readonly project = new Conv2d({ in: 8, out: 4, kernel: 1, bias: false, bits: bitsOf(4) });
  readonly bn3 = new BatchNorm2d(4);
  readonly expand = new Conv2d({ in: 4, out: 12, kernel: 1, bias: false, bits: bitsOf(4) });
  readonly bn4 = new BatchNorm2d(12);
  readonly back = new Conv2d({ in: 12, out: 4, kernel: 1, bias: false, bits: bitsOf(4) });
  readonly bn5 = new BatchNorm2d(4);
  readonly last = new Conv2d({ in: 4, out: 10, kernel: 1, bias: false, bits: bitsOf(4) });
  readonly bn6 = new BatchNorm2d(10);
  readonly linear = new Linear({ in: 10, out: 5 });

  override forward(x: Value): Value {
    const a = relu6(this.bn1.forward(this.conv1.forward(x)));
    const b = this.bn3.forward(this.project.forward(relu6(this.bn2.forward(this.depthwise.forward(a)))));
    const c = add(this.bn5.forward(this.back.forward(relu6(this.bn4.forward(this.expand.forward(b))))), b);
    const d = relu6(this.bn6.forward(this.last.forward(c)));
    return this.linear.forward(flatten(globalAveragePool(d)));
  }
}

/** Pools between quantized layers, a bias in place of batch norm, a quantized linear layer, dilation, groups, and other widths. */
class PooledNetwork extends Module {
  readonly conv1 = new Conv2d({ in: 1, out: 4, kernel: 3, padding: 1 });
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly bn3 = new BatchNorm2d(6);
  readonly hidden: Linear;
  readonly linear = new Linear({ in: 10, out: 3 });

  constructor(widths: readonly [number, number, number]) {
    super();
    this.conv2 = new Conv2d({ in: 4, out: 6, kernel: 3, padding: [1, 0, 0, 1], groups: 2, bits: bitsOf(widths[0]) });
    this.conv3 = new Conv2d({ in: 6, out: 6, kernel: 3, dilation: 2, padding: 2, bits: bitsOf(widths[1]) });
    this.hidden = new Linear({ in: 6 * 3 * 3, out: 10, bits: bitsOf(widths[2]) });
  }

  override forward(x: Value): Value {
    const a = maxPool(relu(this.conv1.forward(x)), { kernel: 2 });
    const b = averagePool(clamp(this.conv2.forward(a), 0, 2), { kernel: 2, stride: 1, padding: 1, countIncludePad: false });
    const c = maxPool(relu(this.bn3.forward(this.conv3.forward(b))), { kernel: 2 });
    return this.linear.forward(relu(this.hidden.forward(flatten(c))));
  }
}

export interface TrainedNetwork {
  readonly name: string;
  readonly model: Module;
  readonly tape: Tape;
  readonly snapshot: StateSnapshot;
  /** NCHW */
  readonly samples: readonly Float32Array[];
}

const SAMPLES = 6;

export function trainedNetworks(): readonly TrainedNetwork[] {
  return [
    made('residual', new ResidualNetwork(), [1, 8, 8, 3], 1),
    made('bottleneck', new BottleneckNetwork(), [1, 12, 12, 2], 2),
    made('pooled', new PooledNetwork([4, 4, 4]), [1, 12, 12, 1], 3),
    made('wide', new PooledNetwork([8, 6, 5]), [1, 12, 12, 1], 4),
    made('narrow', new PooledNetwork([2, 3, 3]), [1, 12, 12, 1], 5),
  ];
}

type Tensors = Map<string, { shape: readonly number[]; data: Float32Array }>;

function made(name: string, model: Module, shape: readonly number[], seed: number): TrainedNetwork {
  const tape = trace(model, shape);
  const random = noise(seed);
  const tensors: Tensors = new Map([...tape.parameters].map(([key, parameter]) => [key, { shape: parameter.shape, data: initialValues(key, parameter, [seed, 0]) }]));
  // Sums of a few uniform numbers: most are small, as activations are.
  const samples = Array.from({ length: SAMPLES }, () => Float32Array.from({ length: elementCount(shape) }, () => random() + random() + random()));
  const names = new Map([...tape.parameters].map(([key, parameter]) => [parameter, key]));
  const data = (parameter: Parameter): Float32Array => tensors.get(names.get(parameter)!)!.data;
  for (const node of tape.nodes) if (node.op === 'batch_norm') troubleChannels(data(node.gamma), data(node.beta), random);
  for (const node of tape.nodes) if (isLayer(node) && node.quantization) data(node.quantization.weightInterval).set([2 * deviation(data(node.weight)), 0, 1, 0]);
  for (const node of tape.nodes) if (isLayer(node) && node.quantization) data(node.quantization.activationInterval).set([1, 0, 1, 0]);
  for (const node of tape.nodes) settle(node, tape, tensors, samples, data);
  return { name, model, tape, snapshot: { tensors, gradients: new Map() }, samples };
}

function isLayer(node: TapeNode): node is Extract<TapeNode, { op: 'conv2d' | 'linear' }> {
  return node.op === 'conv2d' || node.op === 'linear';
}

/** Every fourth γ is below zero, one is 0, one hardly more. */
function troubleChannels(gamma: Float32Array, beta: Float32Array, random: () => number): void {
  for (let c = 0; c < gamma.length; c++) {
    gamma[c] = c === 1 ? 0 : c === 2 ? 1e-7 : (c % 4 === 3 ? -1 : 1) * (1 + 0.5 * random());
    beta[c] = 0.5 * random();
  }
}

/** Running statistics and activation intervals as this network's own values have them. */
function settle(node: TapeNode, tape: Tape, tensors: Tensors, samples: readonly Float32Array[], data: (parameter: Parameter) => Float32Array): void {
  if (node.op !== 'batch_norm' && !(isLayer(node) && node.quantization)) return;
  const graph = tapeToGraph(tape, { tensors, gradients: new Map() });
  const made = graph.nodes.find(({ name }) => name === node.name)!.inputs[0]!;
  const source = graph.nodes.find(({ op, outputs }) => op === 'FakeQuantize' && outputs[0] === made)?.inputs[0] ?? made;
  const seen = samples.map((sample) => valueOf(graph, source, sample));
  if (node.op === 'batch_norm') {
    const channels = node.gamma.count;
    const running = data(node.running);
    for (let c = 0; c < channels; c++) {
      const numbers = seen.flatMap((values) => values.slice((c * values.length) / channels, ((c + 1) * values.length) / channels));
      const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
      running[c] = mean;
      running[channels + c] = numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / numbers.length;
    }
  } else if (node.quantization) data(node.quantization.activationInterval).set([2.5 * deviation(seen.flat()), 0, 1, 0]);
}

function valueOf(graph: Graph, name: string, sample: Float32Array): number[] {
  return Array.from(evaluateGraph(graph, new Map([[graph.inputs[0]!, sample]])).get(name)!.data);
}

function deviation(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]! * numbers[i]!;
  return Math.sqrt(sum / numbers.length);
}
