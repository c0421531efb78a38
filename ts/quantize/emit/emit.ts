import { DyadicError } from '../../errors.js';
import type { IntegerGraph, Operation, Pair, Preprocess, Requantization } from '../../integer/integer-graph.js';
import type { Scales } from '../assign/scales.js';
import type { Representation } from '../assign/representations.js';
import { quantizeFixed } from '../fixed/quantize-fixed.js';
import { channelKey } from '../calibration/calibrate.js';
import { isLinear, type LinearOp, type PlanNode } from '../plan/plan.js';
import { clamp, roundHalfEven } from '../rounding.js';
import { elementwiseForm } from '../scales/elementwise.js';
import { carrierFloor, CODE_FLOOR } from '../scales/linear-q15.js';
import { type LinearRequest, quantizeLinear } from '../scales/quantize-linear.js';
import { type ChosenForm, GraphWriter } from './graph-writer.js';
import { poolDivisors } from '../plan/pool-divisors.js';

/** One operation of the result and the float value it approximates. */
export interface EmittedLayer {
  readonly name: string;
  readonly op: string;
  /** Name in the float Graph, and number in the IntegerGraph, of what the layer makes. */
  readonly value: string;
  readonly index: number;
  /** The plan's convolution or dense layer, else null. */
  readonly layer: string | null;
  readonly requantization: Requantization | null;
}

export interface Emission {
  readonly graph: IntegerGraph;
  readonly layers: readonly EmittedLayer[];
}

/** Writes the IntegerGraph that the scales and representations decide. */
export function emitIntegerGraph(scales: Scales, preprocess: Preprocess | null): Emission {
  return new Emitter(scales).emit(preprocess);
}

class Emitter {
  readonly #writer = new GraphWriter();
  readonly #indices = new Map<string, number>();
  readonly #layers: EmittedLayer[] = [];

  constructor(readonly scales: Scales) {}

  emit(preprocess: Preprocess | null): Emission {
    const { plan } = this.scales;
    const inputs = plan.inputs.map((name, i) => {
      const value = this.#declare(name, 'c8');
      return { name, value, preprocess: i === 0 ? preprocess : null };
    });
    for (const name of plan.inputs) this.#derive(name);
    for (const node of plan.nodes) {
      this.#node(node);
      this.#derive(node.output);
    }
    const outputs = plan.outputs.map(({ name, value, softmax }) => ({ name, value: this.#index(value, 'i16'), softmax }));
    const { values, tensors, operations } = this.#writer;
    return { graph: { name: plan.name, values, inputs, outputs, tensors, operations }, layers: this.#layers };
  }

  /** The value of the float network that a node's codes stand for. */
  #shownValue({ output }: PlanNode): string {
    return this.scales.plan.shown.get(output) ?? output;
  }

  #key(value: string, representation: Representation): string {
    return `${representation} ${value}`;
  }

  #index(value: string, representation: Representation): number {
    return this.#indices.get(this.#key(value, representation))!;
  }

  #range(value: string, representation: Representation): Pair {
    return this.scales.range(value, representation);
  }

  #declare(value: string, representation: Representation): number {
    const { plan } = this.scales;
    const { scales } = this;
    const primary = scales.representations.values.get(value)!.primary === representation;
    const dtype = scales.dtype(value, representation);
    const zeroPoint = scales.zeroPoint(value, representation);
    const range = this.#stored(value, representation, this.#range(value, representation));
    const index = this.#writer.value(primary ? value : `${value}.${dtype}`, { dtype, shape: plan.shapes.get(value)!, scale: scales.of(value, representation), zeroPoint, range });
    this.#indices.set(this.#key(value, representation), index);
    return index;
  }

  /** Codes as the file holds them: with the zero point added. */
  #stored(value: string, representation: Representation, [lo, hi]: Pair): Pair {
    const zeroPoint = this.scales.zeroPoint(value, representation);
    return [lo + zeroPoint, hi + zeroPoint];
  }

  /** The range of the output's codes, counted from the zero point and narrowed by the bounds fused into the node. */
  #clamp(node: PlanNode, representation: Representation): Pair {
    const [lo, hi] = this.#range(node.output, representation);
    const scale = this.scales.of(node.output, representation);
    const code = (bound: number): number => (Number.isFinite(bound) ? clamp(roundHalfEven(bound / scale), lo, hi) : bound < 0 ? lo : hi);
    return [code(node.bounds.lo), code(node.bounds.hi)];
  }

  #reads(node: PlanNode): { indices: number[]; representations: readonly Representation[] } {
    const representations = this.scales.representations.reads.get(node.name)!;
    return { representations, indices: node.inputs.map((input, i) => this.#index(input, representations[i]!)) };
  }

  /** From the codes of one value to those of another, `divisors` apart. */
  #elementwise(name: string, from: { scale: number; range: Pair }, to: { scale: number; clamp: Pair }, divisors: readonly number[] = [1]): ChosenForm {
    const form = elementwiseForm(
      {
        ratios: divisors.map((k) => from.scale / to.scale / k),
        reach: divisors.map((k) => [Math.min(0, from.range[0] * k), Math.max(0, from.range[1] * k)]),
        clamp: to.clamp,
      },
      this.scales.options.requantization,
    );
    if (!form) throw new DyadicError('ERR_ACCUMULATOR', { op: name, argument: 'requantization', expected: 'a ratio of scales below 2^22', received: String(from.scale / to.scale) });
    return form;
  }

  #from(value: string, representation: Representation): { scale: number; range: Pair } {
    return { scale: this.scales.of(value, representation), range: this.#range(value, representation) };
  }

  /** The further representations of a value, one requantize each. */
  #derive(value: string): void {
    const { primary, derived } = this.scales.representations.values.get(value)!;
    for (const representation of derived) {
      const source = this.#index(value, primary);
      const output = this.#declare(value, representation);
      const range = this.#range(value, representation);
      const name = this.#writer.operationName(`${value}.to_${this.#writer.values[output]!.dtype}`);
      const form = this.#elementwise(name, this.#from(value, primary), { scale: this.scales.of(value, representation), clamp: range });
      const requantization = this.#writer.requantization(`${name}.multiplier`, form);
      this.#writer.operations.push({ op: 'requantize', name, inputs: [source], outputs: [output], requantization, clamp: this.#stored(value, representation, range) });
    }
  }

  #node(node: PlanNode): void {
    if (isLinear(node)) return this.#linear(node);
    const { op } = node;
    if (op.kind === 'add') return this.#add(node);
    if (op.kind === 'quantize' && this.#indices.has(this.#key(node.output, this.scales.representations.values.get(node.output)!.primary))) return;
    const representation = this.scales.representations.values.get(node.output)!.primary;
    const { indices, representations } = this.#reads(node);
    const outputs = [this.#declare(node.output, representation)];
    const name = this.#writer.operationName(node.name);
    const base = { name, inputs: indices, outputs };
    const range = this.#clamp(node, representation);
    const stored = this.#stored(node.output, representation, range);
    const to = { scale: this.scales.of(node.output, representation), clamp: range };
    const from = (i: number): { scale: number; range: Pair } => this.#from(node.inputs[i]!, representations[i]!);
    const [, , height = 1, width = 1] = this.scales.plan.shapes.get(node.output)!;
    const { operations } = this.#writer;
    switch (op.kind) {
      case 'max_pool': {
        const { kernel, stride, pads, dilation } = op.attributes;
        operations.push({ op: 'max_pool', ...base, kernel, stride, pads, dilation, outputSize: [height, width], clamp: stored });
        break;
      }
      case 'average_pool': {
        const { kernel, stride, pads, countIncludePad } = op.attributes;
        const divisors = poolDivisors(op.attributes, this.scales.plan.shapes.get(node.inputs[0]!)!, [height, width]);
        const requantization = this.#writer.requantization(`${name}.multiplier`, this.#elementwise(name, from(0), to, divisors));
        operations.push({ op: 'average_pool', ...base, kernel, stride, pads, countIncludePad, outputSize: [height, width], divisors, requantization, clamp: stored });
        break;
      }
      case 'clip':
      case 'quantize': {
        const requantization = this.#writer.requantization(`${name}.multiplier`, this.#elementwise(name, from(0), to));
        operations.push({ op: 'requantize', ...base, requantization, clamp: stored });
        break;
      }
      case 'concat': {
        const requantizations = node.inputs.map((_, i) => this.#writer.requantization(`${name}.multiplier${i}`, this.#elementwise(name, from(i), to)));
        operations.push({ op: 'concat', ...base, axis: op.axis, requantizations, clamp: stored });
        break;
      }
      case 'slice':
        operations.push({ op: 'slice', ...base, starts: op.starts, steps: op.steps });
        break;
      case 'pad':
        operations.push({ op: 'pad', ...base, before: op.before, after: op.after, value: clamp(roundHalfEven(op.value / to.scale), range[0], range[1]) + stored[0] - range[0] });
        break;
      case 'transpose':
        operations.push({ op: 'transpose', ...base, perm: op.perm });
        break;
      case 'reshape':
        operations.push({ op: 'reshape', ...base });
        break;
    }
    const last = operations[operations.length - 1]!;
    this.#layers.push({ name, op: last.op, value: this.#shownValue(node), index: outputs[0]!, layer: null, requantization: representativeForm(last) });
  }

  #linear(node: PlanNode<LinearOp>): void {
    const { scales } = this;
    const { op } = node;
    const representation = scales.representations.values.get(node.output)!.primary;
    const { indices, representations } = this.#reads(node);
    const range = this.#clamp(node, representation);
    const stored = this.#stored(node.output, representation, range);
    const name = this.#writer.operationName(node.name);
    const channels = op.weightShape[0]!;
    const output = this.#declare(node.output, representation);
    const { form, weights, bias, isFourBit } = op.fixed ? quantizeFixed(scales.fixedRequest(node, op.fixed, range)) : quantizeLinear(this.#linearRequest(node, representation, representations[0]!));
    const weight = this.#writer.tensor(`${name}.weight`, isFourBit ? 'i4' : 'i8', op.weightShape, weights);
    const biasName = bias ? this.#writer.tensor(`${name}.bias`, 'i32', [channels], bias) : null;
    const requantization = this.#writer.requantization(`${name}.multiplier`, form);
    const base = { name, inputs: indices, outputs: [output], weight, bias: biasName };
    const { stride, pads, dilation, groups } = op;
    if (op.form === 'dense') this.#writer.operations.push({ op: 'dense', ...base, requantization, clamp: stored });
    else this.#writer.operations.push({ op: 'conv2d', ...base, stride, pads, dilation, groups, requantization, clamp: stored });
    this.#layers.push({ name, op: op.form, value: this.#shownValue(node), index: output, layer: node.name, requantization });
  }

  /** Of a layer whose weight scales are free. */
  #linearRequest(node: PlanNode<LinearOp>, representation: Representation, reads: Representation): LinearRequest {
    const { scales } = this;
    const { op } = node;
    const means = scales.options.biasCorrection ? scales.statistics.channels.get(channelKey(node.inputs[0]!, op.form)) : undefined;
    return {
      name: node.name, op, weightBits: scales.bits.get(node.name)!.weight, idealScales: scales.idealWeights.get(node.name)!, inputScale: scales.of(node.inputs[0]!, reads),
      inputRange: this.#range(node.inputs[0]!, reads), outputScale: scales.of(node.output, representation),
      floors: this.#floors(node, representation, op.weightShape[0]!), counted: scales.livingChannels(node), requantization: scales.options.requantization,
      inputMeans: means && means.count > 0 ? (channel) => means.mean(channel) : null,
    };
  }

  #floors(node: PlanNode<LinearOp>, representation: Representation, channels: number): ArrayLike<number> {
    if (representation === 'i16') return this.scales.carrierReach(node).map(carrierFloor);
    return new Array<number>(channels).fill(representation === 'u4' ? CODE_FLOOR.four : CODE_FLOOR.eight);
  }

  /** The code that an addition writes in its pass: its own, or that of the first `quantize` node that reads it, which is then no operation. */
  #codeOfAdd(node: PlanNode, own: Representation | null): { value: string; representation: Representation; clamp: Pair } | null {
    if (own) return { value: node.output, representation: own, clamp: this.#clamp(node, own) };
    const reader = this.scales.plan.nodes.find(({ op, inputs }) => op.kind === 'quantize' && inputs[0] === node.output);
    if (!reader) return null;
    const representation = this.scales.representations.values.get(reader.output)!.primary;
    return { value: reader.output, representation, clamp: this.#clamp(reader, representation) };
  }

  /** Both branches at the carrier's scale; the carrier, the code or both leave the operation (SPEC 3.3). */
  #add(node: PlanNode): void {
    const { scales } = this;
    const { primary, code } = scales.representations.values.get(node.output)!;
    const { indices, representations } = this.#reads(node);
    const name = this.#writer.operationName(node.name);
    const carrierScale = scales.of(node.output, 'i16');
    const branch = (i: 0 | 1): Requantization => {
      const form = this.#elementwise(name, this.#from(node.inputs[i]!, representations[i]!), { scale: carrierScale, clamp: [-32767, 32767] });
      return this.#writer.requantization(`${name}.multiplier${i}`, form);
    };
    const requantizations = [branch(0), branch(1)] as const;
    const carrierClamp = this.#clamp(node, 'i16');
    const carrier = primary === 'i16' ? this.#declare(node.output, 'i16') : null;
    const written = this.#codeOfAdd(node, primary === 'i16' ? code : primary);
    const output = written ? this.#declare(written.value, written.representation) : null;
    let codeRequantization: Requantization | null = null;
    const codeClamp = written ? this.#stored(written.value, written.representation, written.clamp) : null;
    if (written) {
      const form = this.#elementwise(name, { scale: carrierScale, range: carrierClamp }, { scale: scales.of(written.value, written.representation), clamp: written.clamp });
      codeRequantization = this.#writer.requantization(`${name}.code_multiplier`, form);
    }
    this.#writer.operations.push({ op: 'add', name, inputs: indices, outputs: [carrier, output], requantizations, clamp: carrierClamp, codeRequantization, codeClamp });
    this.#layers.push({ name, op: 'add', value: carrier === null ? this.#shownValue(node) : node.output, index: (carrier ?? output)!, layer: null, requantization: codeRequantization ?? requantizations[0] });
  }
}

/** What the report shows of an operation: of a concat's requantizations the first that is no copy. */
function representativeForm(operation: Operation): Requantization | null {
  if ('requantization' in operation) return operation.requantization;
  if (operation.op !== 'concat') return null;
  return operation.requantizations.find(({ form }) => form !== 'copy') ?? { form: 'copy' };
}
