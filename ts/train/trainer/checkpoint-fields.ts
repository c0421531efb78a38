/** The metadata of a checkpoint, read from JSON that may hold anything. */
import { DyadicError } from '../../errors.js';
import type { GradientState } from '../gradient/policy.js';
import type { Parameter, ParameterGroup } from '../modules/parameter.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointError } from './checkpoint-error.js';
import type { BestEpoch, Progress } from './progress.js';
import { readSettings, type RunSettings, type SettingsOptions } from './settings.js';

export interface ParameterDescription {
  readonly name: string;
  readonly shape: readonly number[];
  readonly group: ParameterGroup;
  /** Of a layer's interval: weight, activation, gradient. */
  readonly bits?: readonly number[];
}

const GROUPS: readonly unknown[] = ['weights', 'intervals', 'none'] satisfies ParameterGroup[];

export function describeParameters(parameters: ReadonlyMap<string, Parameter>): ParameterDescription[] {
  return [...parameters].map(([name, { shape, group, bits }]) => ({
    name,
    shape: [...shape],
    group,
    ...(bits === null ? {} : { bits: [bits.weight, bits.activation, bits.gradient] }),
  }));
}

/** Throws ERR_CHECKPOINT naming the first parameter in which the model of the checkpoint differs from this one. */
export function checkSameModel(saved: readonly ParameterDescription[], model: readonly ParameterDescription[]): void {
  const show = ({ shape, group }: ParameterDescription): string => `[${shape.join(', ')}]${group === 'weights' ? '' : ` (${group})`}`;
  const byName = new Map(saved.map((parameter) => [parameter.name, parameter]));
  for (const parameter of model) {
    const other = byName.get(parameter.name);
    if (other === undefined) throw checkpointError({ argument: `parameter ${parameter.name}`, expected: `a checkpoint of this model, with ${show(parameter)}`, received: 'one without it' });
    if (show(other) !== show(parameter)) throw checkpointError({ argument: `parameter ${parameter.name}`, expected: show(parameter), received: show(other) });
    const [wanted, found] = [parameter.bits, other.bits].map((bits) => bits?.join('/'));
    if (found !== undefined && found !== wanted) throw checkpointError({ argument: `parameter ${parameter.name}`, expected: `a layer of ${wanted ?? 'no'} bits`, received: `one of ${found}` });
    byName.delete(parameter.name);
  }
  for (const other of byName.values()) throw checkpointError({ argument: `parameter ${other.name}`, expected: 'a checkpoint of this model, which has none of that name', received: show(other) });
}

/** Throws ERR_CHECKPOINT unless the best epoch and its parameters are both there, or neither. */
export function checkBest({ best, progress }: Pick<Checkpoint, 'best' | 'progress'>, parameters: readonly ParameterDescription[]): void {
  if ((best === null) !== (progress.best === null)) throw checkpointError({ argument: 'best', expected: 'an epoch and its parameters', received: 'one without the other' });
  if (best === null) return;
  for (const { name, shape } of parameters) {
    const found = best.get(name)?.shape.join(', ') ?? 'none';
    if (found !== shape.join(', ')) throw checkpointError({ argument: `best/${name}`, expected: `[${shape.join(', ')}]`, received: `[${found}]` });
  }
  if (best.size !== parameters.length) throw checkpointError({ argument: 'best', expected: `${parameters.length} parameters`, received: String(best.size) });
}

export function readParameters(value: unknown): ParameterDescription[] {
  return listOf(value, 'parameters').map((item, index) => {
    const at = `parameters[${index}]`;
    const { name, shape, group, bits } = objectOf(item, at);
    if (typeof name !== 'string' || !GROUPS.includes(group)) throw checkpointError({ argument: at, expected: 'a name and a group', received: 'others' });
    return { name, shape: listOf(shape, at).map((size) => natural(size, at)), group: group as ParameterGroup, ...(bits === undefined ? {} : { bits: listOf(bits, at).map((width) => natural(width, at)) }) };
  });
}

export function readProgress(value: unknown): Progress {
  const fields = objectOf(value, 'progress');
  const count = (name: keyof Progress): number => natural(fields[name], `progress.${name}`);
  const progress: Progress = {
    epoch: count('epoch'),
    stepInEpoch: count('stepInEpoch'),
    stepsPerEpoch: count('stepsPerEpoch'),
    step: count('step'),
    updates: count('updates'),
    lossSum: finite(fields['lossSum'], 'progress.lossSum'),
    correct: count('correct'),
    samples: count('samples'),
    best: fields['best'] === null ? null : readBest(fields['best']),
  };
  const { stepInEpoch, stepsPerEpoch, step, updates } = progress;
  if (stepInEpoch > stepsPerEpoch || stepInEpoch > step || updates > step) {
    throw checkpointError({ argument: 'progress', expected: 'counts that agree', received: `step ${stepInEpoch} of ${stepsPerEpoch}, ${step} in all, ${updates} updates` });
  }
  return progress;
}

function readBest(value: unknown): BestEpoch {
  const { epoch, loss, accuracy } = objectOf(value, 'progress.best');
  return { epoch: natural(epoch, 'progress.best.epoch'), loss: finite(loss, 'progress.best.loss'), accuracy: finite(accuracy, 'progress.best.accuracy') };
}

export function readRunSettings(value: unknown): RunSettings {
  const { normalization, ...rest } = objectOf(value, 'settings');
  try {
    // Every value is checked there, whatever its type turns out to be.
    return readSettings({ ...rest, ...(normalization === null ? {} : { normalization }) } as SettingsOptions, 'resume');
  } catch (cause) {
    if (cause instanceof DyadicError) throw checkpointError({ argument: 'settings', expected: 'those of a run', received: cause.message, cause });
    throw cause;
  }
}

export function readGradients(value: unknown): Map<string, GradientState> {
  const gradients = new Map<string, GradientState>();
  for (const entry of listOf(value, 'gradients')) {
    const [layer, state] = listOf(entry, 'gradients');
    if (typeof layer !== 'string') throw checkpointError({ argument: 'gradients', expected: 'names of layers', received: typeof layer });
    const fields = objectOf(state, `gradients of ${layer}`);
    for (const field of Object.values(fields)) {
      const isState = typeof field === 'number' || (Array.isArray(field) && field.every((number) => typeof number === 'number'));
      if (!isState) throw checkpointError({ argument: `gradients of ${layer}`, expected: 'numbers', received: typeof field });
    }
    gradients.set(layer, fields as GradientState);
  }
  return gradients;
}

function objectOf(value: unknown, argument: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw checkpointError({ argument, expected: 'an object', received: value === null ? 'null' : typeof value });
  return value as Record<string, unknown>;
}

function listOf(value: unknown, argument: string): unknown[] {
  if (!Array.isArray(value)) throw checkpointError({ argument, expected: 'an array', received: typeof value });
  return value;
}

function natural(value: unknown, argument: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw checkpointError({ argument, expected: 'an integer from 0', received: typeof value === 'number' ? String(value) : typeof value });
  return value as number;
}

function finite(value: unknown, argument: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw checkpointError({ argument, expected: 'a finite number', received: typeof value === 'number' ? String(value) : typeof value });
  return value;
}
