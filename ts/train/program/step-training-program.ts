/** Runs a training step segment by segment: kernels, the host's turns between them, and nothing that lasts before everything is known to be a number. */
import { DyadicError } from '../../errors.js';
import type { StepBuffer } from '../../session/assembler.js';
import type { ProgramMemory } from '../../session/program-memory.js';
import type { GradientChecks, ValueChecks } from './finite-checks.js';
import { GradientDecisions, isMeasuring } from './gradient-decisions.js';
import type { GradientLayer } from './gradient-layer.js';
import type { ParameterGradient } from './gradients.js';
import type { HyperBuffers } from './lower/optimizer.js';
import type { ModelState, ParameterSlot } from './model-state.js';
import { runStretch, type Segment, type Stretch } from './schedule.js';
import { writeBatch, writeHypers, writeInputs, type BatchPorts } from './step-input.js';
import type { StepRun } from './step-run.js';
import type { StepInput, StepResult, TrainingOptions, TrainingProgram, WatchOptions } from './training-program.js';

/** Sees a parameter's gradient: of an interval one number. */
export type GradientObserver = (parameter: string, gradient: Float32Array) => void;

export interface TrainingParts {
  readonly state: ModelState;
  readonly memory: ProgramMemory;
  readonly options: TrainingOptions;
  readonly ports: BatchPorts;
  readonly hyper: HyperBuffers;
  /** i32 [4]: seed and step. */
  readonly random: StepBuffer;
  readonly layers: readonly GradientLayer[];
  /** Forward and loss, then backward and the counts of {@link GradientChecks}. */
  readonly segments: readonly Segment<StepRun>[];
  readonly forwardSegments: number;
  readonly optimizer: Stretch;
  readonly checks: ValueChecks;
  readonly gradientChecks: GradientChecks;
  readonly learned: readonly (readonly [ParameterSlot, ParameterGradient])[];
  readonly observer: GradientObserver | undefined;
}

export class StepTrainingProgram implements TrainingProgram {
  readonly batch: number;
  readonly activationBytes: number;
  readonly #parts: TrainingParts;
  #disposed = false;

  constructor(parts: TrainingParts) {
    this.#parts = parts;
    this.batch = parts.options.batch;
    this.activationBytes = parts.memory.activationBytes;
  }

  *stepwise(input: StepInput, watch: WatchOptions = {}): Generator<void, StepResult, void> {
    this.#assertUsable();
    const { state, memory, options } = this.#parts;
    this.#write(input);
    const token = state.begin();
    try {
      const run: StepRun = { engine: state.engine, memory, state, policy: options.gradient, step: input.step, watch, decisions: new GradientDecisions(), refuseGradient: (name, received) => this.#refuseGradient(input, name, received) };
      yield* this.#segments(run, input, token);
      this.#checkGradients(input);
      const hasUpdated = this.#optimize();
      const layers = run.decisions.commit(run);
      state.complete();
      const [loss = 0, correct = 0] = state.engine.f32(this.#parts.ports.loss.result.address, 2);
      return { loss, correct, hasUpdated, layers };
    } finally {
      state.abandon(token);
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#parts.memory.free();
  }

  #write(input: StepInput): void {
    const { state, ports, hyper, random, options } = this.#parts;
    writeHypers(state.engine, hyper, state.optimizers, input);
    writeBatch(state.engine, ports, input);
    state.engine.i32(random.address, 4).set([options.seed[0], options.seed[1], input.step, 0]);
  }

  *#segments(run: StepRun, input: StepInput, token: number): Generator<void, void, void> {
    const { state, memory, segments, forwardSegments } = this.#parts;
    for (const [index, segment] of segments.entries()) {
      if (segment.kind === 'kernels') runStretch(memory, segment.stretch);
      else segment.action(run);
      if (index + 1 === forwardSegments) this.#checkLoss(input);
      yield;
      this.#assertUsable();
      if (!state.isCurrent(token)) throw new DyadicError('ERR_BUSY', { op: 'training step', argument: 'program', expected: 'one step at a time', received: 'another step that began meanwhile' });
    }
  }

  #checkLoss({ step, inputs }: StepInput): void {
    const { state, ports } = this.#parts;
    const loss = state.engine.f32(ports.loss.result.address, 1)[0] as number;
    if (Number.isFinite(loss)) return;
    throw trainingError(step, this.#firstBadLayer(inputs) ?? 'loss', 'loss', String(loss));
  }

  /** Quantized layers make numbers of everything, so what is none may show in the gradients first. */
  #refuseGradient({ step, inputs }: StepInput, name: string, received: string): never {
    const layer = this.#firstBadLayer(inputs);
    throw layer === undefined ? trainingError(step, name, 'gradient', received) : trainingError(step, layer, 'output', 'NaN or infinity');
  }

  /** Runs the forward pass again and looks after each layer. */
  #firstBadLayer(inputs: Float32Array): string | undefined {
    const { state, memory, segments, forwardSegments, checks, ports } = this.#parts;
    writeInputs(state.engine, ports, inputs);
    for (let index = 0; index <= forwardSegments; index++) {
      const bad = checks.run(state.engine, memory, index);
      if (bad !== undefined) return bad;
      const segment = segments[index];
      if (index < forwardSegments && segment?.kind === 'kernels') runStretch(memory, segment.stretch);
    }
    return undefined;
  }

  #checkGradients(input: StepInput): void {
    const { state, gradientChecks, learned, observer } = this.#parts;
    const bad = gradientChecks.find(state.engine);
    if (bad !== undefined) this.#refuseGradient(input, bad, 'NaN or infinity');
    if (observer === undefined) return;
    for (const [{ name }, { at, count }] of learned) observer(name, state.engine.f32(at.buffer.address + at.offset, count).slice());
  }

  /** Whether the weights were moved: not in a step in which the clip method only measures. */
  #optimize(): boolean {
    const { state, memory, options, layers, optimizer } = this.#parts;
    if (isMeasuring(state, options.gradient, layers)) return false;
    runStretch(memory, optimizer);
    return true;
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DyadicError('ERR_DISPOSED', { op: 'training step', argument: 'program', expected: 'a program in use', received: 'a disposed one' });
  }
}

function trainingError(step: number, layer: string, argument: string, received: string): DyadicError {
  return new DyadicError('ERR_TRAINING', { op: `training step ${step}, layer "${layer}"`, argument, expected: 'finite numbers', received });
}
