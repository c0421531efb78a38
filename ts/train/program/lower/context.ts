/** What the lowering of one node may use: where values lie, and the gradients that flow back. */
import { at, type Assembler, type Ref, type StepBuffer } from '../../../session/assembler.js';
import type { Engine, Lowering } from '../../../wasm/engine.js';
import { Container } from '../../../wasm/params.js';
import type { Parameter } from '../../modules/parameter.js';
import type { Value } from '../../tape/node.js';
import type { Plan } from '../fuse.js';
import type { Gradients } from '../gradients.js';
import type { ModelState } from '../model-state.js';
import type { GradientLayer } from '../gradient-layer.js';
import type { Schedule } from '../schedule.js';
import type { StepRun } from '../step-run.js';

/** What is done with the gradient of a node's output: the backward pass of the node. */
export type Backward = (gradient: StepBuffer) => void;

/** f32 [rows][channels], which in_container 4 says, or exact sums of a quantized layer, [rows][stride] i32 or i16. */
export interface Source {
  readonly buffer: StepBuffer;
  readonly container: Container | typeof F32_CONTAINER;
  readonly stride: number;
  /** The two f32 whose product one sum is worth. */
  readonly scaleA: Ref | number;
  readonly scaleB: Ref | number;
  /** Where whoever computes the gradient of these sums should leave its largest magnitude. */
  readonly layer: GradientLayer | null;
}

/** `in_container` of the kernels that read sums or f32. */
export const F32_CONTAINER = 4;

export interface ContextParts {
  readonly engine: Engine;
  readonly assembler: Assembler;
  readonly schedule: Schedule<StepRun>;
  readonly state: ModelState;
  readonly plan: Plan;
  readonly gradients: Gradients;
  /** Evaluation normalises by the running statistics and changes nothing that lasts. */
  readonly isTraining: boolean;
}

export class TrainContext {
  readonly engine: Engine;
  readonly assembler: Assembler;
  readonly schedule: Schedule<StepRun>;
  readonly state: ModelState;
  readonly plan: Plan;
  readonly gradients: Gradients;
  readonly isTraining: boolean;
  /** Asked once for the whole program. */
  readonly lowering: Lowering;
  /** Winograd saves nothing without them. */
  readonly hasVectors: boolean;
  /** Quantized layers in the order of the tape. */
  readonly layers: GradientLayer[] = [];
  /** i32 [4]: the seed and the step, which address the noise of stochastic rounding. */
  readonly random: StepBuffer;
  readonly #sources = new Map<number, Source>();

  constructor(parts: ContextParts) {
    this.engine = parts.engine;
    this.assembler = parts.assembler;
    this.schedule = parts.schedule;
    this.state = parts.state;
    this.plan = parts.plan;
    this.gradients = parts.gradients;
    this.isTraining = parts.isTraining;
    this.lowering = parts.engine.lowering;
    this.hasVectors = parts.engine.flavour !== 'scalar';
    this.random = parts.assembler.weights('random', 16);
  }

  /** A buffer for a value's floats, which the node that makes it writes. */
  place(value: Value, label: string): StepBuffer {
    const buffer = this.assembler.activation(label, elements(value) * 4);
    this.share(value, buffer);
    return buffer;
  }

  /** The value's floats are those of another one. */
  share(value: Value, buffer: StepBuffer): void {
    this.placeSource(value, { buffer, container: F32_CONTAINER, stride: channels(value), scaleA: 0, scaleB: 0, layer: null });
  }

  placeSource(value: Value, source: Source): void {
    this.#sources.set(value.index, source);
  }

  /** Where a value is, for kernels that read sums too. */
  source(value: Value): Source {
    return this.#sources.get(value.index) as Source;
  }

  /** A value's floats. Only batch norm is given sums ({@link Plan}). */
  floats(value: Value): StepBuffer {
    return this.source(value).buffer;
  }

  /** The values of a parameter, which the arena owner keeps. */
  parameter(parameter: Parameter): Ref {
    return at(this.state.slot(parameter).values);
  }

  temporary(label: string, bytes: number): StepBuffer {
    return this.assembler.activation(label, bytes);
  }
}

export function elements({ shape }: Value): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The last axis: channels of pictures, features of rows. */
export function channels({ shape }: Value): number {
  return shape.at(-1) as number;
}

export function rows(value: Value): number {
  return elements(value) / channels(value);
}
