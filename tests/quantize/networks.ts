/** Small networks, built by hand, and statistics as calibration would find them. */
import type { Bounds, Constant, Graph, GraphNode, ValueInfo } from '../../ts/graph/graph.js';
import { scaleGroups } from '../../ts/quantize/assign/scale-groups.js';
import type { Statistics } from '../../ts/quantize/calibration/calibrate.js';
import { type Compiled, compile, observedValues } from '../../ts/quantize/compile.js';
import { MinMaxObserver } from '../../ts/quantize/observers/minmax.js';
import { type QuantizeOptions, resolveOptions } from '../../ts/quantize/options.js';
import { buildPlan } from '../../ts/quantize/plan/build-plan.js';

export const RELU: Bounds = { lo: 0, hi: Infinity };

/** Numbers in [−1, 1), the same on every host: a linear congruential generator. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state >>> 8) / 8388608 - 1);
  };
}

/** Writes a Graph node by node; every method returns the name of the value made. */
export class NetworkBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #values = new Map<string, ValueInfo>();
  readonly #inputs: string[] = [];
  readonly #noise: () => number;

  constructor(seed = 1) {
    this.#noise = noise(seed);
  }

  input(name: string, shape: readonly number[]): string {
    this.#inputs.push(name);
    this.#values.set(name, { dtype: 'f32', shape });
    return name;
  }

  constant(name: string, shape: readonly number[], data?: readonly number[]): string {
    const count = shape.reduce((a, b) => a * b, 1);
    this.#constants.set(name, { dtype: 'f32', shape, data: Float32Array.from(data ?? Array.from({ length: count }, () => this.#noise())) });
    return name;
  }

  shape(value: string): readonly number[] {
    return this.#values.get(value)!.shape;
  }

  node(node: GraphNode, shape: readonly number[]): string {
    this.#nodes.push(node);
    this.#values.set(node.outputs[0]!, { dtype: 'f32', shape });
    return node.outputs[0]!;
  }

  conv(name: string, input: string, channels: number, options: { kernel?: number; bounds?: Bounds; weights?: readonly number[]; bias?: readonly number[]; groups?: number; stride?: number } = {}): string {
    const [, inChannels = 1, height = 1, width = 1] = this.shape(input);
    const { kernel = 1, groups = 1, stride = 1 } = options;
    const pad = (kernel - 1) / 2;
    const inputs = [input, this.constant(`${name}.w`, [channels, inChannels / groups, kernel, kernel], options.weights)];
    inputs.push(this.constant(`${name}.b`, [channels], options.bias));
    const attributes = { kernel: [kernel, kernel], stride: [stride, stride], pads: [pad, pad, pad, pad], dilation: [1, 1], groups } as const;
    const size = (n: number): number => Math.floor((n - 1) / stride) + 1;
    const bounds = options.bounds ? { bounds: options.bounds } : {};
    return this.node({ name, op: 'Conv', inputs, outputs: [`${name}.y`], attributes, ...bounds }, [1, channels, size(height), size(width)]);
  }

  add(name: string, a: string, b: string, bounds?: Bounds): string {
    return this.node({ name, op: 'Add', inputs: [a, b], outputs: [`${name}.y`], attributes: {}, ...(bounds ? { bounds } : {}) }, this.shape(a));
  }

  relu(name: string, input: string): string {
    return this.node({ name, op: 'Relu', inputs: [input], outputs: [`${name}.y`], attributes: {} }, this.shape(input));
  }

  concat(name: string, inputs: readonly string[]): string {
    const [n, , h, w] = this.shape(inputs[0]!) as [number, number, number, number];
    const channels = inputs.reduce((sum, input) => sum + this.shape(input)[1]!, 0);
    return this.node({ name, op: 'Concat', inputs, outputs: [`${name}.y`], attributes: { axis: 1 } }, [n, channels, h, w]);
  }

  maxPool(name: string, input: string): string {
    const [n, c, h, w] = this.shape(input) as [number, number, number, number];
    const attributes = { kernel: [2, 2], stride: [2, 2], pads: [0, 0, 0, 0], dilation: [1, 1], countIncludePad: false } as const;
    return this.node({ name, op: 'MaxPool', inputs: [input], outputs: [`${name}.y`], attributes }, [n, c, Math.floor(h / 2), Math.floor(w / 2)]);
  }

  averagePool(name: string, input: string): string {
    const [n, c, h, w] = this.shape(input) as [number, number, number, number];
    const attributes = { kernel: [h, w], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], countIncludePad: false } as const;
    return this.node({ name, op: 'AveragePool', inputs: [input], outputs: [`${name}.y`], attributes }, [n, c, 1, 1]);
  }

  reshape(name: string, input: string, shape: readonly number[]): string {
    return this.node({ name, op: 'Reshape', inputs: [input], outputs: [`${name}.y`], attributes: { shape } }, shape);
  }

  gemm(name: string, input: string, columns: number, attributes: { alpha?: number; beta?: number; transB?: boolean } = {}): string {
    const k = this.shape(input)[1]!;
    const { alpha = 1, beta = 1, transB = true } = attributes;
    const inputs = [input, this.constant(`${name}.w`, transB ? [columns, k] : [k, columns]), this.constant(`${name}.b`, [columns])];
    return this.node({ name, op: 'Gemm', inputs, outputs: [`${name}.y`], attributes: { alpha, beta, transA: false, transB } }, [1, columns]);
  }

  graph(outputs: readonly string[]): Graph {
    return { name: 'small', inputs: this.#inputs, outputs, nodes: this.#nodes, constants: this.#constants, values: this.#values };
  }
}

/** Statistics without running anything: every observed value spans `ranges[name]`, else [−1, 1], or [0, 1] behind a ReLU. */
export function assumedStatistics(graph: Graph, ranges: Readonly<Record<string, readonly [number, number]>> = {}): Statistics {
  const plan = buildPlan(graph);
  const bounded = new Set(plan.nodes.filter((node) => node.bounds.lo >= 0).map((node) => node.output));
  const extremes = new Map<string, MinMaxObserver>();
  for (const name of observedValues(plan, graph, scaleGroups(plan))) {
    const observer = new MinMaxObserver();
    [observer.lo, observer.hi] = ranges[name] ?? [bounded.has(name) ? 0 : -1, 1];
    extremes.set(name, observer);
  }
  return { extremes, limits: extremes, channels: new Map(), exactInputs: new Set() };
}

/** Everything of `quantize` behind calibration. */
export function compileAssumed(graph: Graph, options: QuantizeOptions = {}, ranges?: Readonly<Record<string, readonly [number, number]>>): Compiled {
  const plan = buildPlan(graph);
  return compile(plan, scaleGroups(plan), assumedStatistics(graph, ranges), resolveOptions(options));
}
