/** What the host writes into the arena before a step: checked, then copied. */
import { DyadicError } from '../../errors.js';
import type { StepBuffer } from '../../session/assembler.js';
import type { Engine } from '../../wasm/engine.js';
import type { Value } from '../tape/node.js';
import { elements } from './lower/context.js';
import type { Loss, LossKind } from './lower/loss.js';
import { HYPER_COUNT, type HyperBuffers } from './lower/optimizer.js';
import type { ModelStateOptions } from './model-state.js';
import type { GroupHyper, StepInput } from './training-program.js';

/** Where a batch goes. */
export interface BatchPorts {
  readonly input: Value;
  readonly inputBuffer: StepBuffer;
  readonly output: Value;
  readonly lossKind: LossKind;
  readonly loss: Loss;
}

/** Throws ERR_SHAPE for arrays of the wrong length, ERR_ARGUMENT for labels out of range. */
export function writeBatch(engine: Engine, ports: BatchPorts, { inputs, labels, targets }: Pick<StepInput, 'inputs' | 'labels' | 'targets'>): void {
  const [batch = 0, classes = 0] = ports.output.shape;
  checkLength('inputs', inputs, elements(ports.input), ports.input.shape);
  const isCrossEntropy = ports.lossKind === 'cross_entropy';
  if (isCrossEntropy || targets === undefined) checkLabels(labels, batch, classes);
  writeInputs(engine, ports, inputs);
  const { address } = ports.loss.targets;
  if (isCrossEntropy) {
    engine.i32(address, batch).set(labels);
    return;
  }
  const floats = engine.f32(address, batch * classes);
  if (targets === undefined) {
    floats.fill(0);
    labels.forEach((label, row) => (floats[row * classes + label] = 1));
  } else {
    checkLength('targets', targets, batch * classes, ports.output.shape);
    floats.set(targets);
  }
}

export function writeInputs(engine: Engine, { inputBuffer }: BatchPorts, inputs: Float32Array): void {
  engine.f32(inputBuffer.address, inputs.length).set(inputs);
}

/** The optimizers' numbers. Throws ERR_ARGUMENT for another optimizer than the model's state was made for. */
export function writeHypers(engine: Engine, buffers: HyperBuffers, optimizers: ModelStateOptions['optimizers'], input: Pick<StepInput, 'weights' | 'intervals'>): void {
  for (const group of ['weights', 'intervals'] as const) {
    const { kind, values }: GroupHyper = input[group];
    if (kind !== optimizers[group]) throw new DyadicError('ERR_ARGUMENT', { op: 'training step', argument: group, expected: `${optimizers[group]}, as the model state was made for`, received: kind });
    if (values.length !== HYPER_COUNT || !values.every(Number.isFinite)) {
      throw new DyadicError('ERR_ARGUMENT', { op: 'training step', argument: `${group}.values`, expected: `${HYPER_COUNT} finite numbers`, received: `[${values.join(', ')}]` });
    }
    engine.f32(buffers[group].address, HYPER_COUNT).set(values);
  }
}

function checkLength(argument: string, { length }: Float32Array, expected: number, shape: readonly number[]): void {
  if (length !== expected) throw new DyadicError('ERR_SHAPE', { op: 'training step', argument, expected: `${expected} numbers, [${shape.join(', ')}]`, received: `${length} numbers` });
}

function checkLabels(labels: Int32Array, batch: number, classes: number): void {
  if (labels.length !== batch) throw new DyadicError('ERR_SHAPE', { op: 'training step', argument: 'labels', expected: `${batch} labels`, received: `${labels.length}` });
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) throw new DyadicError('ERR_ARGUMENT', { op: 'training step', argument: 'labels', expected: `labels from 0 to ${classes - 1}`, received: `${labels[wrong]} at ${wrong}` });
}
