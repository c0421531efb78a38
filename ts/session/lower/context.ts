/** What the lowering of one operation may use. */
import type { Engine, Lowering } from '../../wasm/engine.js';
import { DyadicError } from '../../errors.js';
import { Container, Form } from '../../wasm/params.js';
import type { IntegerGraph, IntegerTensor, IntegerValue, Operation, Requantization } from '../../integer/integer-graph.js';
import type { Assembler, StepBuffer } from '../assembler.js';
import type { ConvolutionAlgorithm, ProgramOptions } from '../convolution-algorithm.js';
import { costKey, costsOf, type EngineCosts } from '../convolution-cost.js';
import { COST_TABLE } from '../cost-table.js';
import { activationLayout, containerOf, rowMajorLayout, type Layout } from '../layout.js';
import { chooseDirect, type Direct, type Linear } from './choose-direct.js';
import { planConvolutions } from './plan-convolutions.js';

export type OperationOf<Name extends Operation['op']> = Extract<Operation, { readonly op: Name }>;

/** A value with its layout and its buffer. */
export interface PlacedValue {
  readonly info: IntegerValue;
  readonly layout: Layout;
  readonly container: Container;
  readonly buffer: StepBuffer;
}

/** Exclusive: what every kernel can address, pad channels included. SPEC 6.2 lets values be larger than a 32-bit memory holds. */
const MAX_STORED_ELEMENTS = 2 ** 29;

export class LowerContext {
  /** Asked once for the whole Program. */
  readonly lowering: Lowering;
  readonly costs: EngineCosts;
  readonly #placed: (PlacedValue | undefined)[];
  readonly #directs = new Map<Linear, Direct>();
  readonly #algorithms: ReadonlyMap<OperationOf<'conv2d'>, ConvolutionAlgorithm>;

  constructor(
    readonly engine: Engine,
    readonly graph: IntegerGraph,
    readonly assembler: Assembler,
    readonly options: ProgramOptions = {},
  ) {
    this.lowering = engine.lowering;
    this.costs = costsOf(options.costs ?? COST_TABLE, costKey(engine.flavour, this.lowering));
    this.#placed = new Array<PlacedValue | undefined>(graph.values.length).fill(undefined);
    this.#algorithms = planConvolutions(this);
  }

  /** How a convolution runs; `direct` also for those that have groups. */
  algorithm(operation: OperationOf<'conv2d'>): ConvolutionAlgorithm {
    return this.#algorithms.get(operation) ?? 'direct';
  }

  /** By what a layer without groups multiplies if it runs direct. */
  direct(operation: Linear): Direct {
    const known = this.#directs.get(operation) ?? chooseDirect(this, operation);
    this.#directs.set(operation, known);
    return known;
  }

  /** A value of the graph; the first call gives it a buffer. */
  value(index: number): PlacedValue {
    const existing = this.#placed[index];
    if (existing !== undefined) return existing;
    const info = this.graph.values[index] as IntegerValue;
    const container = containerOf(info.dtype);
    const layout = activationLayout(info.shape, container);
    if (layout.elements >= MAX_STORED_ELEMENTS) {
      throw new DyadicError('ERR_MEMORY', { op: `value "${info.name}"`, argument: 'shape', expected: `fewer than ${MAX_STORED_ELEMENTS} stored elements`, received: `${layout.elements} for [${info.shape.join(', ')}]` });
    }
    const placed = { info, layout, container, buffer: this.assembler.activation(info.name, layout.elements * layout.elementBytes) };
    this.#placed[index] = placed;
    return placed;
  }

  /** Lets a value that has no buffer yet share another value's: the same bytes mean the same codes in both layouts. */
  share(index: number, buffer: StepBuffer): void {
    const info = this.graph.values[index] as IntegerValue;
    const container = containerOf(info.dtype);
    this.#placed[index] = { info, layout: activationLayout(info.shape, container), container, buffer };
  }

  /** The i-th input and the i-th output of an operation. */
  input(operation: Operation, position = 0): PlacedValue {
    return this.value(operation.inputs[position] as number);
  }

  output(operation: Operation, position = 0): PlacedValue {
    return this.value(operation.outputs[position] as number);
  }

  tensor(name: string): IntegerTensor {
    return this.graph.tensors.get(name) as IntegerTensor;
  }

  /** Plain i8 codes of a weight tensor. */
  weights(name: string): Int8Array {
    return this.tensor(name).data as Int8Array;
  }

  bias(name: string | null): Int32Array | null {
    return name === null ? null : (this.tensor(name).data as Int32Array);
  }

  /** The multipliers of a requantization; `copy` has none, and 1 stands for it. */
  multipliers(requantization: Requantization): Int32Array {
    return requantization.form === 'copy' ? Int32Array.of(1) : (this.tensor(requantization.multiplier).data as Int32Array);
  }

  /** A buffer for row-major codes between two steps of one operation. */
  rowMajorTemporary(label: string, shape: readonly number[], container: Container): { readonly buffer: StepBuffer; readonly layout: Layout } {
    const layout = rowMajorLayout(shape, container);
    return { buffer: this.assembler.activation(label, layout.elements * layout.elementBytes), layout };
  }
}

/** The fields form, shift and left of every kernel that requantizes. */
export function formFields(requantization: Requantization): { readonly form: number; readonly shift: number; readonly left: number } {
  if (requantization.form === 'copy') return { form: Form.copy, shift: 0, left: 0 };
  if (requantization.form === 'q15') return { form: Form.q15, shift: requantization.shift, left: 0 };
  return { form: Form.exact, shift: requantization.shift, left: requantization.left };
}
