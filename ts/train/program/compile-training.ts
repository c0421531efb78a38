/** From a tape to a TrainingProgram: forward, loss, backward in reverse, optimizer. */
import { DyadicError } from '../../errors.js';
import { Assembler, type StepBuffer } from '../../session/assembler.js';
import type { Parameter } from '../modules/parameter.js';
import type { Value } from '../tape/node.js';
import { createMemory } from './create-memory.js';
import { GradientChecks, ValueChecks } from './finite-checks.js';
import { fuse, inputsOf, type Plan, type PlanNode, type TapeRecord } from './fuse.js';
import { Gradients, type ParameterGradient } from './gradients.js';
import type { GradientLayer } from './gradient-layer.js';
import { TrainContext } from './lower/context.js';
import { lowerNode } from './lower/index.js';
import { lowerLoss, type Loss } from './lower/loss.js';
import { HYPER_COUNT, lowerOptimizer, type HyperBuffers } from './lower/optimizer.js';
import type { ModelState, ParameterSlot } from './model-state.js';
import { Schedule } from './schedule.js';
import type { StepRun } from './step-run.js';
import { StepTrainingProgram, type GradientObserver } from './step-training-program.js';
import type { TrainingOptions, TrainingProgram } from './training-program.js';

/**
 * Writes a step down for one batch size and allocates everything it needs.
 *
 * @param observer sees every parameter's gradient before the optimizer does: for tests and reports.
 * @throws DyadicError ERR_MEMORY with the bytes that a batch needs, ERR_SHAPE for an output that is no [batch, classes], ERR_ARGUMENT.
 */
export function compileTraining(state: ModelState, tape: TapeRecord, options: TrainingOptions, observer?: GradientObserver): TrainingProgram {
  checkOptions(tape, options);
  const plan = fuse(tape);
  const assembler = new Assembler();
  const schedule = new Schedule<StepRun>(assembler);
  const gradients = new Gradients(assembler, learningValues(plan));
  const context = new TrainContext({ engine: state.engine, assembler, schedule, state, plan, gradients, isTraining: true });
  const { inputBuffer, checks, backward } = lowerForward(context, plan, tape.input);
  const loss = lowerLoss(context, tape.output, options.loss, options.labelSmoothing);
  const forwardSegments = schedule.cut();
  lowerBackward(context, plan, tape.output, loss, backward);
  const learned = [...gradients.parameters].map(([parameter, gradient]) => [state.slot(parameter), gradient] as const);
  const gradientChecks = new GradientChecks(context, learned);
  schedule.cut();
  const hyper: HyperBuffers = { weights: assembler.weights('optimizer of weights', 4 * HYPER_COUNT), intervals: assembler.weights('optimizer of intervals', 4 * HYPER_COUNT) };
  const optimizer = schedule.onRequest(() => lowerOptimizers(context, plan, learned, hyper));
  return new StepTrainingProgram({
    state,
    memory: createMemory(state.engine, assembler, options.batch),
    options,
    ports: { input: tape.input, inputBuffer, output: tape.output, lossKind: options.loss, loss },
    hyper,
    random: context.random,
    layers: context.layers,
    segments: schedule.segments,
    forwardSegments,
    optimizer,
    checks,
    gradientChecks,
    learned,
    observer,
  });
}

function checkOptions({ input }: TapeRecord, { batch }: TrainingOptions): void {
  if (input.shape[0] !== batch) throw new DyadicError('ERR_SHAPE', { op: 'compile training', argument: 'batch', expected: `${input.shape[0]}, which the tape was recorded for`, received: String(batch) });
}

interface Forward {
  readonly inputBuffer: StepBuffer;
  readonly checks: ValueChecks;
  readonly backward: ((gradient: StepBuffer) => void)[];
}

function lowerForward(context: TrainContext, { nodes }: Plan, input: Value): Forward {
  const inputBuffer = context.place(input, 'input');
  // The host writes it before the first step.
  context.assembler.touch(inputBuffer, 0);
  const checks = new ValueChecks();
  const backward = nodes.map((node) => {
    const lowered = lowerNode(context, node);
    checks.add(context, node.name, node.output);
    return lowered;
  });
  return { inputBuffer, checks, backward };
}

function lowerBackward({ gradients, schedule }: TrainContext, { nodes }: Plan, output: Value, loss: Loss, backward: readonly ((gradient: StepBuffer) => void)[]): void {
  if (loss.gradient !== null) gradients.add(output, loss.gradient);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const gradient = gradients.of((nodes[index] as PlanNode).output);
    if (gradient !== undefined) backward[index]?.(gradient);
    schedule.cut();
  }
}

function lowerOptimizers(context: TrainContext, plan: Plan, learned: readonly (readonly [ParameterSlot, ParameterGradient])[], hyper: HyperBuffers): void {
  const scales = learningRateScales(plan, context.layers);
  for (const [slot, gradient] of learned) lowerOptimizer(context, slot, gradient, hyper, scales.get(slot.parameter) ?? null);
}

/** Of the weights of quantized layers. */
function learningRateScales({ nodes }: Plan, layers: readonly GradientLayer[]): Map<Parameter, StepBuffer> {
  const byName = new Map(layers.map((layer) => [layer.name, layer.learningRateScale]));
  return new Map(nodes.flatMap((node) => {
    const scale = byName.get(node.name);
    return (node.op === 'conv2d' || node.op === 'linear') && scale !== undefined ? [[node.weight, scale] as const] : [];
  }));
}

/** Values that some parameter has a part in: only they need gradients. */
function learningValues({ nodes }: Plan): Set<number> {
  const learning = new Set<number>();
  for (const node of nodes) {
    if (node.op === 'input') continue;
    const learns = node.op === 'conv2d' || node.op === 'linear' || node.op === 'normalize';
    if (learns || inputsOf(node).some(({ index }) => learning.has(index))) learning.add(node.output.index);
  }
  return learning;
}
