/** What lasts from step to step: parameters, running statistics, learned intervals, optimizer moments and gradient states, in the arena of one engine. */
import { DyadicError } from '../../errors.js';
import { fixedBuffer, type StepBuffer } from '../../session/assembler.js';
import { aligned } from '../../session/memory-plan.js';
import type { Engine } from '../../wasm/engine.js';
import type { GradientState } from '../gradient/policy.js';
import { initialValues } from '../modules/initial-values.js';
import type { Parameter, ParameterGroup } from '../modules/parameter.js';
import type { Seed } from '../random/random-stream.js';
import type { GroupHyper, StateSnapshot } from './training-program.js';

export type OptimizerKind = GroupHyper['kind'];

export interface ModelStateOptions {
  /** Of the first values of every parameter. */
  readonly seed: Seed;
  /** Which optimizer moves each group: sgd keeps one moment per element, adam two. */
  readonly optimizers: Readonly<Record<Exclude<ParameterGroup, 'none'>, OptimizerKind>>;
}

/** A parameter in the arena. */
export interface ParameterSlot {
  readonly name: string;
  readonly parameter: Parameter;
  readonly optimizer: OptimizerKind | null;
  /** f32 [parameter.count] */
  readonly values: StepBuffer;
  /** How many of its first elements the optimizer moves: of a quantizer's state only the interval. */
  readonly learned: number;
  /** f32 [learned] each. */
  readonly moments: readonly { readonly name: string; readonly buffer: StepBuffer }[];
}

/** The clip method's state of one layer, and what it knows of the step before. */
export interface LayerGradientState {
  readonly state: GradientState;
  /** An f32. */
  readonly clippedFraction: number | undefined;
}

/** Anything with named parameters: a Module. */
export interface ParameterOwner {
  namedParameters(): ReadonlyMap<string, Parameter>;
}

const MOMENTS: Readonly<Record<OptimizerKind, readonly string[]>> = { sgd: ['velocity'], adam: ['first_moment', 'second_moment'] };
/** Of a layer's clipped fraction among the tensors of a snapshot. */
const CLIPPED = 'gradient_clipped';

export class ModelState {
  readonly engine: Engine;
  readonly optimizers: ModelStateOptions['optimizers'];
  /** By layer, for the layers that have made a step. */
  readonly gradients = new Map<string, LayerGradientState>();
  readonly #slots = new Map<Parameter, ParameterSlot>();
  readonly #address: number;
  /** Bytes at the block's beginning that hold what kernels of the forward pass change: running statistics and quantizer states. */
  readonly #volatileBytes: number;
  /** Counts steps of all programs: only one may be under way. */
  #step = 0;
  /** What the step under way began with. */
  #undo: Uint8Array | undefined;
  #disposed = false;

  /** Throws ERR_MEMORY, and what `initial` of a parameter may throw. */
  constructor(engine: Engine, model: ParameterOwner, { seed, optimizers }: ModelStateOptions) {
    this.engine = engine;
    this.optimizers = optimizers;
    const parameters = [...model.namedParameters()];
    const first = new Map(parameters.map(([name, parameter]) => [name, initialValues(name, parameter, seed)]));
    const isVolatile = ([, { group }]: [string, Parameter]): boolean => group !== 'weights';
    const plan = new BlockPlan();
    const layout = [...parameters.filter(isVolatile), ...parameters.filter((entry) => !isVolatile(entry))];
    const values = new Map(layout.map(([name, { count }]) => [name, plan.place(count)]));
    this.#volatileBytes = aligned(parameters.filter(isVolatile).reduce((bytes, [, { count }]) => bytes + aligned(count * 4), 0));
    const moments = new Map(parameters.map(([name, parameter]) => [name, momentNames(parameter, optimizers).map((moment) => ({ moment, offset: plan.place(learnedCount(parameter)) }))]));
    engine.reserve(plan.bytes);
    this.#address = engine.allocate(plan.bytes);
    engine.bytes(this.#address, plan.bytes).fill(0);
    for (const [name, parameter] of parameters) {
      const learned = learnedCount(parameter);
      const slot: ParameterSlot = {
        name,
        parameter,
        optimizer: parameter.group === 'none' ? null : optimizers[parameter.group],
        values: fixedBuffer(name, parameter.count * 4, this.#address + (values.get(name) as number)),
        learned,
        moments: (moments.get(name) ?? []).map(({ moment, offset }) => ({ name: `${name}.${moment}`, buffer: fixedBuffer(`${name}.${moment}`, learned * 4, this.#address + offset) })),
      };
      this.#slots.set(parameter, slot);
      this.#floats(slot.values).set(first.get(name) as Float32Array);
    }
  }

  get slots(): Iterable<ParameterSlot> {
    return this.#slots.values();
  }

  /** Where a parameter of the model lies. Throws ERR_ARGUMENT for a parameter of another model. */
  slot(parameter: Parameter): ParameterSlot {
    this.assertUsable();
    const slot = this.#slots.get(parameter);
    if (slot === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'model state', argument: 'parameter', expected: 'one of the model that this state belongs to', received: `another of shape [${parameter.shape.join(', ')}]` });
    return slot;
  }

  /** A copy of everything that must be saved. */
  snapshot(): StateSnapshot {
    this.assertUsable();
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const { name, parameter, values, moments } of this.#slots.values()) {
      tensors.set(name, { shape: parameter.shape, data: this.#floats(values).slice() });
      for (const moment of moments) tensors.set(moment.name, { shape: parameter.group === 'intervals' ? [1] : parameter.shape, data: this.#floats(moment.buffer).slice() });
    }
    for (const [layer, { clippedFraction }] of this.gradients) {
      if (clippedFraction !== undefined) tensors.set(`${layer}.${CLIPPED}`, { shape: [1], data: Float32Array.of(clippedFraction) });
    }
    return { tensors, gradients: new Map([...this.gradients].map(([layer, { state }]) => [layer, state])) };
  }

  /**
   * Takes a snapshot's contents; the state is unchanged if it does not fit. Throws ERR_CHECKPOINT naming the tensor that is missing or of another shape.
   */
  restore({ tensors, gradients }: StateSnapshot): void {
    this.assertUsable();
    const writes: { buffer: StepBuffer; data: Float32Array }[] = [];
    const known = new Set<string>([...gradients.keys()].map((layer) => `${layer}.${CLIPPED}`));
    for (const { name, parameter, values, moments } of this.#slots.values()) {
      const wanted = [{ name, buffer: values }, ...moments];
      for (const { name: tensor, buffer } of wanted) {
        known.add(tensor);
        const data = tensors.get(tensor)?.data;
        if (data?.length === buffer.bytes / 4) writes.push({ buffer, data });
        else throw checkpointError(tensor, `${buffer.bytes / 4} values for "${name}" [${parameter.shape.join(', ')}]`, data === undefined ? 'nothing' : `${data.length} values`);
      }
    }
    for (const tensor of tensors.keys()) if (!known.has(tensor)) throw checkpointError(tensor, 'only tensors of this model', `"${tensor}"`);
    for (const { buffer, data } of writes) this.#floats(buffer).set(data);
    this.gradients.clear();
    for (const [layer, state] of gradients) this.gradients.set(layer, { state, clippedFraction: tensors.get(`${layer}.${CLIPPED}`)?.data[0] });
  }

  /** A copy of one parameter's values. */
  read(parameter: Parameter): Float32Array {
    return this.#floats(this.slot(parameter).values).slice();
  }

  /** Begins a step; one that was begun before and never ended is undone. Gives the step's number for {@link isCurrent}. */
  begin(): number {
    this.assertUsable();
    this.abandon(this.#step);
    this.#undo = this.engine.bytes(this.#address, this.#volatileBytes).slice();
    return ++this.#step;
  }

  /** Whether no other step began since. */
  isCurrent(step: number): boolean {
    return !this.#disposed && step === this.#step;
  }

  /** The step is done, and counts. */
  complete(): void {
    this.#undo = undefined;
  }

  /** The step came to nothing: running statistics and quantizer states become what they were. */
  abandon(step: number): void {
    if (this.isCurrent(step) && this.#undo !== undefined) this.engine.bytes(this.#address, this.#volatileBytes).set(this.#undo);
    if (this.isCurrent(step)) this.#undo = undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.engine.free(this.#address);
  }

  assertUsable(): void {
    if (this.#disposed) throw new DyadicError('ERR_DISPOSED', { op: 'model state', expected: 'one in use', received: 'a disposed one' });
  }

  #floats({ address, bytes }: StepBuffer): Float32Array {
    return this.engine.f32(address, bytes / 4);
  }
}

/** One block, filled from its beginning. */
class BlockPlan {
  bytes = 0;

  /** The offset of `count` f32. */
  place(count: number): number {
    const offset = this.bytes;
    this.bytes += aligned(count * 4);
    return offset;
  }
}

function learnedCount({ group, count }: Parameter): number {
  if (group === 'none') return 0;
  return group === 'intervals' ? 1 : count;
}

function momentNames({ group }: Parameter, optimizers: ModelStateOptions['optimizers']): readonly string[] {
  return group === 'none' ? [] : MOMENTS[optimizers[group]];
}

function checkpointError(tensor: string, expected: string, received: string): DyadicError {
  return new DyadicError('ERR_CHECKPOINT', { op: 'restore', argument: tensor, expected, received });
}
