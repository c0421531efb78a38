/** Builds IntegerGraphs by SPEC 3: shapes, divisors, multipliers and the accumulator clause are worked out here, choices are the caller's. */
import type { CodeDtype, IntegerGraph, IntegerTensor, IntegerValue, Operation, Pads, Pair, Requantization } from '../../ts/integer/integer-graph.js';
import { accumulatorBound, chooseForm, ROOM, type ChosenForm, type FormName } from './requantizations.js';
import type { Random } from './random.js';

/** Kind of an activation: a type with a range. */
export type Kind = 'u8' | 'n8' | 'i8' | 'u4' | 'i16';
export type WeightPattern = 'random' | 'lowest' | 'highest' | 'alternating' | 'sparse';

export interface Target {
  readonly kind: Kind;
  readonly zeroPoint: number;
  readonly form: FormName;
  /** Clamp to the upper half, as a fused ReLU does. */
  readonly relu?: boolean;
}

export interface Weights {
  readonly dtype: 'i8' | 'i4';
  readonly pattern: WeightPattern;
  readonly bias: 'none' | 'small' | 'largest';
  /** One multiplier for all channels instead of one per channel. */
  readonly shared?: boolean;
}

export interface Geometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation: Pair;
}

const RANGES: Readonly<Record<Kind, Pair>> = { u8: [0, 255], n8: [0, 127], i8: [-128, 127], u4: [0, 15], i16: [-32767, 32767] };
const DTYPES: Readonly<Record<Kind, CodeDtype>> = { u8: 'u8', n8: 'u8', i8: 'i8', u4: 'u4', i16: 'i16' };

export function product(sizes: readonly number[]): number {
  return sizes.reduce((count, size) => count * size, 1);
}

/** Windows that fit (SPEC 3.1); with `ceil` one more where elements are left over and it starts inside the input or its leading padding. */
export function windows(input: number, kernel: number, stride: number, before: number, after: number, dilation: number, ceil = false): number {
  const free = input + before + after - ((kernel - 1) * dilation + 1);
  const floor = Math.floor(free / stride) + 1;
  return ceil && free % stride !== 0 && floor * stride < input + before ? floor + 1 : floor;
}

export class GraphBuilder {
  readonly #random: Random;
  readonly #values: IntegerValue[] = [];
  readonly #tensors = new Map<string, IntegerTensor>();
  readonly #operations: Operation[] = [];
  readonly #inputs: { name: string; value: number; preprocess: null }[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get values(): readonly IntegerValue[] {
    return this.#values;
  }

  get operationCount(): number {
    return this.#operations.length;
  }

  value(index: number): IntegerValue {
    const value = this.#values[index];
    if (value === undefined) throw new Error(`no value ${index}`);
    return value;
  }

  /** The finished graph; values that nothing reads are its outputs. */
  finish(name: string): IntegerGraph {
    const read = new Set(this.#operations.flatMap((operation) => operation.inputs));
    const last = this.#values.flatMap((_, index) => (read.has(index) ? [] : [index]));
    const softmax = (index: number): number | null => (this.#random.oneIn(3) ? this.value(index).shape.length - 1 : null);
    const outputs = last.map((index) => ({ name: `out${index}`, value: index, softmax: softmax(index) }));
    return { name, values: this.#values, inputs: this.#inputs, outputs, tensors: this.#tensors, operations: this.#operations };
  }

  input(shape: readonly number[], kind: Kind, zeroPoint: number): number {
    const value = this.#make(shape, kind, zeroPoint);
    this.#inputs.push({ name: `in${value}`, value, preprocess: null });
    return value;
  }

  conv2d(x: number, outChannels: number, groups: number, geometry: Geometry, weights: Weights, target: Target): number {
    const { kernel, stride, pads, dilation } = geometry;
    const [, channels = 0, height = 0, width = 0] = this.value(x).shape;
    const weight = this.#weights([outChannels, channels / groups, ...kernel], weights);
    const { bias, requantization } = this.#weighted(x, weight, outChannels, weights, target);
    const rows = windows(height, kernel[0], stride[0], pads[0], pads[2], dilation[0]);
    const columns = windows(width, kernel[1], stride[1], pads[1], pads[3], dilation[1]);
    const output = this.#make([1, outChannels, rows, columns], target.kind, target.zeroPoint);
    const clamp = this.#clamp(output, target);
    return this.#add({ op: 'conv2d', name: this.#name('conv'), inputs: [x], outputs: [output], weight, bias, stride, pads, dilation, groups, requantization, clamp }, output);
  }

  dense(x: number, features: number, weights: Weights, target: Target): number {
    const shape = this.value(x).shape;
    const weight = this.#weights([features, shape.at(-1) ?? 0], weights);
    const { bias, requantization } = this.#weighted(x, weight, features, weights, target);
    const output = this.#make([...shape.slice(0, -1), features], target.kind, target.zeroPoint);
    const clamp = this.#clamp(output, target);
    return this.#add({ op: 'dense', name: this.#name('dense'), inputs: [x], outputs: [output], weight, bias, requantization, clamp }, output);
  }

  /** Outputs in the order carrier, code; null where not wanted. */
  add(a: number, b: number, forms: readonly [FormName, FormName], carrier: boolean, code: Target | null, relu: boolean): readonly [number | null, number | null] {
    const shape = this.value(a).shape;
    const clamp: Pair = [relu ? 0 : -32767, this.#random.oneIn(4) ? 20000 : 32767];
    const requantizations = [this.#element(a, forms[0], 16000), this.#element(b, forms[1], 16000)] as const;
    const carrierValue = carrier ? this.#make(shape, 'i16', 0) : null;
    const codeValue = code === null ? null : this.#make(shape, code.kind, code.zeroPoint);
    const codeRequantization = code === null ? null : this.#requantization(chooseForm(this.#random, code.form, 32767, this.#span(code), 1));
    const codeClamp = code === null || codeValue === null ? null : this.#clamp(codeValue, code);
    this.#operations.push({ op: 'add', name: this.#name('add'), inputs: [a, b], outputs: [carrierValue, codeValue], requantizations, clamp, codeRequantization, codeClamp });
    return [carrierValue, codeValue];
  }

  maxPool(x: number, { kernel, stride, pads, dilation }: Geometry, ceil: boolean): number {
    const { shape, range, zeroPoint } = this.value(x);
    const outputSize = this.#poolSize(shape, kernel, stride, pads, dilation, ceil);
    const clamp: Pair = this.#random.oneIn(3) ? [Math.max(range[0], zeroPoint), Math.max(range[1], zeroPoint)] : range;
    const output = this.#like(x, [1, shape[1] ?? 0, ...outputSize]);
    return this.#add({ op: 'max_pool', name: this.#name('max'), inputs: [x], outputs: [output], kernel, stride, pads, dilation, outputSize, clamp: this.#inside(clamp, range) }, output);
  }

  averagePool(x: number, { kernel, stride, pads }: Geometry, countIncludePad: boolean, ceil: boolean, target: Target): number {
    const { shape, range, zeroPoint } = this.value(x);
    const outputSize = this.#poolSize(shape, kernel, stride, pads, [1, 1], ceil);
    const counts = [0, 1].map((axis) => {
      const [size = 0, window = 0, step = 0] = [shape[axis + 2], kernel[axis], stride[axis]];
      const [before = 0, after = 0] = [pads[axis], pads[axis + 2]];
      const [low, high] = countIncludePad ? [-before, size + after] : [0, size];
      return Array.from({ length: outputSize[axis] ?? 0 }, (_, i) => Math.min(i * step - before + window, high) - Math.max(i * step - before, low));
    });
    const all = (counts[0] ?? []).flatMap((h) => (counts[1] ?? []).map((w) => h * w));
    const divisors = [...new Set(all)].sort((a, b) => a - b);
    const bound = accumulatorBound(kernel[0] * kernel[1], 0, range, zeroPoint);
    const requantization = this.#requantization(chooseForm(this.#random, target.form, bound, this.#span(target), divisors.length));
    const output = this.#make([1, shape[1] ?? 0, ...outputSize], target.kind, target.zeroPoint);
    const clamp = this.#clamp(output, target);
    return this.#add({ op: 'average_pool', name: this.#name('average'), inputs: [x], outputs: [output], kernel, stride, pads, countIncludePad, outputSize, divisors, requantization, clamp }, output);
  }

  requantize(x: number, target: Target): number {
    const requantization = this.#element(x, target.form, this.#span(target));
    const output = this.#make(this.value(x).shape, target.kind, target.zeroPoint);
    return this.#add({ op: 'requantize', name: this.#name('requantize'), inputs: [x], outputs: [output], requantization, clamp: this.#clamp(output, target) }, output);
  }

  concat(inputs: readonly number[], axis: number, forms: readonly FormName[], target: Target): number {
    const shape = [...this.value(inputs[0] ?? -1).shape];
    shape[axis] = inputs.reduce((sum, input) => sum + (this.value(input).shape[axis] ?? 0), 0);
    const requantizations = inputs.map((input, i) => this.#element(input, forms[i] ?? 'copy', this.#span(target)));
    const output = this.#make(shape, target.kind, target.zeroPoint);
    return this.#add({ op: 'concat', name: this.#name('concat'), inputs, outputs: [output], axis, requantizations, clamp: this.#clamp(output, target) }, output);
  }

  slice(x: number, starts: readonly number[], steps: readonly number[], shape: readonly number[]): number {
    const output = this.#like(x, shape);
    return this.#add({ op: 'slice', name: this.#name('slice'), inputs: [x], outputs: [output], starts, steps }, output);
  }

  pad(x: number, before: readonly number[], after: readonly number[], value: number): number {
    const output = this.#like(x, this.value(x).shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0)));
    return this.#add({ op: 'pad', name: this.#name('pad'), inputs: [x], outputs: [output], before, after, value }, output);
  }

  transpose(x: number, perm: readonly number[]): number {
    const shape = this.value(x).shape;
    const output = this.#like(x, perm.map((axis) => shape[axis] ?? 0));
    return this.#add({ op: 'transpose', name: this.#name('transpose'), inputs: [x], outputs: [output], perm }, output);
  }

  reshape(x: number, shape: readonly number[]): number {
    const output = this.#like(x, shape);
    return this.#add({ op: 'reshape', name: this.#name('reshape'), inputs: [x], outputs: [output] }, output);
  }

  #add(operation: Operation, output: number): number {
    this.#operations.push(operation);
    return output;
  }

  #name(op: string): string {
    return `${op}${this.#operations.length}`;
  }

  #make(shape: readonly number[], kind: Kind, zeroPoint: number): number {
    const scale = Math.fround(this.#random.integer(1, 1000) / 4096);
    this.#values.push({ name: `v${this.#values.length}`, dtype: DTYPES[kind], shape, scale, zeroPoint, range: RANGES[kind] });
    return this.#values.length - 1;
  }

  /** A value of another shape with the same codes. */
  #like(x: number, shape: readonly number[]): number {
    this.#values.push({ ...this.value(x), name: `v${this.#values.length}`, shape });
    return this.#values.length - 1;
  }

  #inside([lo, hi]: Pair, range: Pair): Pair {
    const inside = (code: number): number => Math.min(Math.max(code, range[0]), range[1]);
    return [inside(lo), inside(hi)];
  }

  #clamp(output: number, { relu = false }: Target): Pair {
    const { range, zeroPoint } = this.value(output);
    return relu ? this.#inside([zeroPoint, range[1]], range) : range;
  }

  #span({ kind }: Target): number {
    const [lo, hi] = RANGES[kind];
    return hi - lo;
  }

  #poolSize(shape: readonly number[], kernel: Pair, stride: Pair, pads: Pads, dilation: Pair, ceil: boolean): Pair {
    const size = (axis: 0 | 1): number => windows(shape[axis + 2] ?? 0, kernel[axis], stride[axis], pads[axis], pads[axis + 2] ?? 0, dilation[axis], ceil);
    return [size(0), size(1)];
  }

  #tensor(name: string, tensor: IntegerTensor): string {
    const unique = `${name}${this.#tensors.size}`;
    this.#tensors.set(unique, tensor);
    return unique;
  }

  #weights(shape: readonly number[], { dtype, pattern }: Weights): string {
    const most = dtype === 'i8' ? 127 : 7;
    const code = (i: number): number => {
      switch (pattern) {
        case 'lowest': return -most;
        case 'highest': return most;
        case 'alternating': return i % 2 === 0 ? most : -most;
        case 'sparse': return this.#random.oneIn(4) ? this.#random.integer(-most, most) : 0;
        case 'random': return this.#random.integer(-most, most);
      }
    };
    return this.#tensor('w', { dtype, shape, data: Int8Array.from({ length: product(shape) }, (_, i) => code(i)) });
  }

  #weighted(x: number, weight: string, channels: number, weights: Weights, target: Target): { bias: string | null; requantization: Requantization } {
    const codes = this.#tensors.get(weight)?.data ?? new Int8Array();
    const { range, zeroPoint } = this.value(x);
    const length = codes.length / channels;
    const bounds = Array.from({ length: channels }, (_, channel) => {
      const row = Array.from(codes.subarray(channel * length, (channel + 1) * length));
      const sum = (keep: (w: number) => boolean): number => row.filter(keep).reduce((total, w) => total + w, 0);
      return accumulatorBound(sum((w) => w > 0), sum((w) => w < 0), range, zeroPoint);
    });
    const largest = Math.max(...bounds);
    if (largest > ROOM) throw new Error(`accumulators up to ${largest}`);
    const bias = weights.bias === 'none' ? null : bounds.map((bound) => this.#bias(bound, weights.bias === 'largest'));
    const bound = Math.max(...bounds.map((b, channel) => b + Math.abs(bias?.[channel] ?? 0)));
    const count = weights.shared === true ? 1 : channels;
    const requantization = this.#requantization(chooseForm(this.#random, target.form, bound, this.#span(target), count));
    return { bias: bias === null ? null : this.#tensor('b', { dtype: 'i32', shape: [channels], data: Int32Array.from(bias) }), requantization };
  }

  #bias(bound: number, largest: boolean): number {
    if (largest) return this.#random.pick([-1, 1]) * (ROOM - bound);
    const reach = Math.min(Math.max(bound >> 1, 4), ROOM - bound);
    return this.#random.integer(-reach, reach);
  }

  /** A requantization of single codes of a value. */
  #element(x: number, form: FormName, span: number): Requantization {
    const { range, zeroPoint } = this.value(x);
    return this.#requantization(chooseForm(this.#random, form, accumulatorBound(1, 0, range, zeroPoint), span, 1));
  }

  #requantization(chosen: ChosenForm): Requantization {
    if (chosen.form === 'copy') return { form: 'copy' };
    const multiplier = this.#tensor('m', { dtype: 'i32', shape: [chosen.multipliers.length], data: Int32Array.from(chosen.multipliers) });
    if (chosen.form === 'q15') return { form: 'q15', shift: chosen.shift, multiplier };
    return { form: 'exact', left: chosen.left, shift: chosen.shift, multiplier };
  }
}
