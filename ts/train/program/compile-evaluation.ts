/** The forward pass alone, with running statistics and the intervals as they are; quantized as in training. */
import { DyadicError } from '../../errors.js';
import { Assembler, type StepBuffer } from '../../session/assembler.js';
import type { ProgramMemory } from '../../session/program-memory.js';
import { createMemory } from './create-memory.js';
import { fuse, type TapeRecord } from './fuse.js';
import { Gradients } from './gradients.js';
import { elements, TrainContext } from './lower/context.js';
import { lowerNode } from './lower/index.js';
import { lowerLoss } from './lower/loss.js';
import type { ModelState } from './model-state.js';
import { runStretch, Schedule, type Stretch } from './schedule.js';
import { writeBatch, type BatchPorts } from './step-input.js';
import type { StepRun } from './step-run.js';
import type { EvaluationOptions, EvaluationProgram } from './training-program.js';

/** Throws ERR_MEMORY with the bytes that a batch needs, ERR_SHAPE for an output that is no [batch, classes]. */
export function compileEvaluation(state: ModelState, tape: TapeRecord, { batch, loss: lossKind, labelSmoothing = 0 }: EvaluationOptions): EvaluationProgram {
  if (tape.input.shape[0] !== batch) throw new DyadicError('ERR_SHAPE', { op: 'compile evaluation', argument: 'batch', expected: `${tape.input.shape[0]}, which the tape was recorded for`, received: String(batch) });
  const plan = fuse(tape);
  const assembler = new Assembler();
  const schedule = new Schedule<StepRun>(assembler);
  const context = new TrainContext({ engine: state.engine, assembler, schedule, state, plan, gradients: new Gradients(assembler, new Set()), isTraining: false });
  const inputBuffer = context.place(tape.input, 'input');
  assembler.touch(inputBuffer, 0);
  for (const node of plan.nodes) {
    lowerNode(context, node);
    schedule.cut();
  }
  const loss = lowerLoss(context, tape.output, lossKind, labelSmoothing);
  schedule.cut();
  const logits = context.floats(tape.output);
  assembler.keepForHost(logits);
  const stretches = schedule.segments.flatMap((segment) => (segment.kind === 'kernels' ? [segment.stretch] : []));
  const ports = { input: tape.input, inputBuffer, output: tape.output, lossKind, loss };
  return new StepEvaluationProgram(batch, state, createMemory(state.engine, assembler, batch), ports, stretches, logits);
}

class StepEvaluationProgram implements EvaluationProgram {
  #disposed = false;
  /** Counts runs: one that another one overtook finds its activations gone. */
  #run = 0;

  constructor(
    readonly batch: number,
    readonly state: ModelState,
    readonly memory: ProgramMemory,
    readonly ports: BatchPorts,
    readonly stretches: readonly Stretch[],
    readonly logits: StepBuffer,
  ) {}

  *stepwise(inputs: Float32Array, labels: Int32Array): ReturnType<EvaluationProgram['stepwise']> {
    this.#assertUsable();
    const { engine } = this.state;
    const run = ++this.#run;
    writeBatch(engine, this.ports, { inputs, labels });
    for (const stretch of this.stretches) {
      runStretch(this.memory, stretch);
      yield;
      this.#assertUsable();
      if (run !== this.#run) throw new DyadicError('ERR_BUSY', { op: 'evaluation', argument: 'program', expected: 'one run at a time', received: 'another run that began meanwhile' });
    }
    const [loss = 0, correct = 0] = engine.f32(this.ports.loss.result.address, 2);
    return { logits: engine.f32(this.logits.address, elements(this.ports.output)).slice(), loss, correct };
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.memory.free();
  }

  #assertUsable(): void {
    this.state.assertUsable();
    if (this.#disposed) throw new DyadicError('ERR_DISPOSED', { op: 'evaluation', argument: 'program', expected: 'a program in use', received: 'a disposed one' });
  }
}
