/** What `dyadic train` is told, from options to plain values. run.json keeps the options as they were typed, so a resumed run goes through the same checks. */
import type { Augmentation } from '../train/data/augment.js';
import { GRADIENT_POLICIES, type GradientPolicyName } from '../train/gradient/policies.js';
import type { GradientPolicy } from '../train/gradient/policy.js';
import { adam, type OptimizerGroups, PAPER_OPTIMIZERS, sgd } from '../train/optimizer/optimizer.js';
import type { LayerBits } from '../train/tape/node.js';
import { constant, cosine, multiStep, type Schedule, stepSchedule, warmUp } from '../train/schedule/schedule.js';
import { choiceOption, dashed, numberOption, type RawOptions, sizeOption, textOption, UsageError, wholeOption } from './arguments.js';
import type { DataOptions } from './train-data.js';

/** The methods of choosing a gradient's interval. */
export const GRADIENTS = Object.keys(GRADIENT_POLICIES) as readonly GradientPolicyName[];

export interface TrainSettings {
  readonly folder: string;
  readonly data: Omit<DataOptions, 'onProgress'>;
  /** A name, or the path of a module whose default export makes the model. */
  readonly model: string;
  /** null: f32 */
  readonly bits: LayerBits | null;
  readonly gradient: GradientPolicyName;
  readonly alpha: number;
  readonly start: 'quantile' | 'paper';
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: OptimizerGroups;
  readonly schedule: Schedule;
  readonly augment: Augmentation;
  readonly labelSmoothing: number;
  readonly seed: number;
  readonly flavour: 'auto' | 'relaxed' | 'simd128' | 'scalar';
  readonly saveEvery: number | undefined;
}

/** Options that belong to a run, in the order of --help. */
const RUN_OPTIONS = ['data', 'model', 'bits', 'gradient', 'alpha', 'start', 'epochs', 'batch', 'optimizer', 'lr', 'momentum', 'weightDecay', 'intervalLr', 'schedule', 'warmUp', 'augment', 'labelSmoothing', 'seed', 'size', 'channels', 'fit', 'testShare', 'limit', 'flavour', 'saveEvery'] as const;
export type RunOptionName = (typeof RUN_OPTIONS)[number];

/** The options of a run as text: what run.json holds. */
export type RunOptions = Readonly<Partial<Record<RunOptionName, string>>>;

/** What a resumed run may be told anew: longer, elsewhere, at another rate. Everything else would be another run. */
const RESUMABLE: readonly RunOptionName[] = ['data', 'epochs', 'lr', 'schedule', 'warmUp', 'flavour', 'saveEvery'];

/** The options of a run among all options; throws UsageError for one that is given twice or without a value. */
export function runOptions(options: RawOptions): RunOptions {
  const given = RUN_OPTIONS.map((name) => [name, textOption(options, name)] as const).filter(([, text]) => text !== undefined);
  return Object.fromEntries(given) as RunOptions;
}

/** Those of run.json, with what a resumption was told anew. */
export function resumedOptions(saved: RunOptions, given: RunOptions): RunOptions {
  const fixed = (Object.keys(given) as RunOptionName[]).find((name) => !RESUMABLE.includes(name) && given[name] !== saved[name]);
  if (fixed !== undefined) {
    throw new UsageError(`--${dashed(fixed)} cannot change when a run is resumed (it was ${saved[fixed] ?? 'not given'}); what can: ${RESUMABLE.map((name) => `--${dashed(name)}`).join(', ')}`);
  }
  return { ...saved, ...given };
}

/** Whether the optimizer or the schedule of a resumed run differ from those it was begun with. */
export function changesRates(given: RunOptions): boolean {
  return given.lr !== undefined || given.schedule !== undefined || given.warmUp !== undefined || given.epochs !== undefined;
}

/** Checks everything that can be checked before a file is opened; throws UsageError. */
export function trainSettings(options: RunOptions): TrainSettings {
  if (options.data === undefined) throw new UsageError('--data DIR is missing: the folder with the pictures to train on');
  const epochs = wholeOption(options, 'epochs', 1) ?? 10;
  const bits = bitsOption(options);
  if (bits === null && options.gradient !== undefined) throw new UsageError('--gradient needs quantized gradients; --bits 32 has none');
  const model = options.model ?? 'cnn';
  const seed = wholeOption(options, 'seed', 0) ?? 0;
  if (!Number.isSafeInteger(seed)) throw new UsageError(`--seed is a whole number up to 2^53 − 1, not "${options.seed}"`);
  return {
    folder: options.data,
    data: {
      size: sizeOption(options, 'size'),
      channels: choiceOption(options, 'channels', ['rgb', 'gray'], 'rgb'),
      fit: choiceOption(options, 'fit', ['crop', 'stretch'], 'crop'),
      testShare: numberOption(options, 'testShare', 0.001, 0.9) ?? 0.1,
      limit: wholeOption(options, 'limit', 1),
      seed: seed >>> 0,
    },
    model,
    bits,
    gradient: choiceOption(options, 'gradient', GRADIENTS, 'interval'),
    alpha: numberOption(options, 'alpha', 1e-9, 1) ?? 1e-3,
    start: choiceOption(options, 'start', ['quantile', 'paper'], 'quantile'),
    epochs,
    batch: wholeOption(options, 'batch', 1) ?? 128,
    optimizer: optimizerOption(options, model),
    schedule: scheduleOption(options, epochs),
    augment: augmentOption(options),
    labelSmoothing: numberOption(options, 'labelSmoothing', 0, 0.99) ?? 0,
    seed,
    flavour: choiceOption(options, 'flavour', ['auto', 'relaxed', 'simd128', 'scalar'], 'auto'),
    saveEvery: wholeOption(options, 'saveEvery', 1),
  };
}

/** The method by its name, with the options that only `interval` has. */
export function gradientPolicy({ gradient, alpha, start }: Pick<TrainSettings, 'gradient' | 'alpha' | 'start'>): GradientPolicy {
  return gradient === 'interval' ? GRADIENT_POLICIES.interval({ alpha, start }) : GRADIENT_POLICIES[gradient]();
}

/** 4/4/4 weights, activations, gradients; 4 is the same for all; 32 is f32. */
function bitsOption(options: RunOptions): LayerBits | null {
  const text = options.bits ?? '4/4/4';
  if (text === '32') return null;
  const parts = text.split('/');
  const widths = parts.map((part) => (/^[2-8]$/.test(part) ? Number(part) : NaN));
  if ((parts.length !== 3 && parts.length !== 1) || widths.some(Number.isNaN)) {
    throw new UsageError(`--bits is WEIGHTS/ACTIVATIONS/GRADIENTS, each 2 to 8 (4/4/4), or 32 for float, not "${text}"`);
  }
  const [weight, activation = weight, gradient = weight] = widths as [number, number?, number?];
  return { weight, activation, gradient };
}

/** The paper's 0.1 is for residual networks; the small one, whose last layer nothing normalises, would first lose its way. */
function optimizerOption(options: RunOptions, model: string): OptimizerGroups {
  const kind = choiceOption(options, 'optimizer', ['sgd', 'adam'], 'sgd');
  const weightDecay = numberOption(options, 'weightDecay', 0, 1e6);
  const momentum = numberOption(options, 'momentum', 0, 1);
  if (kind === 'adam' && momentum !== undefined) throw new UsageError('--momentum belongs to --optimizer sgd');
  const learningRate = numberOption(options, 'lr', 0, 1e6);
  const intervalRate = numberOption(options, 'intervalLr', 0, 1e6);
  const weights =
    kind === 'sgd'
      ? sgd({ learningRate: learningRate ?? (model === 'cnn' ? 0.02 : 0.1), momentum: momentum ?? 0.9, weightDecay: weightDecay ?? 1e-4 })
      : adam({ learningRate: learningRate ?? 1e-3, weightDecay: weightDecay ?? 0 });
  return { weights, intervals: intervalRate === undefined ? PAPER_OPTIMIZERS.intervals : adam({ learningRate: intervalRate }) };
}

/** constant, cosine[:FINAL], step:EVERY[:FACTOR], multistep:80,120[:FACTOR]; --warm-up goes before any of them. */
function scheduleOption(options: RunOptions, epochs: number): Schedule {
  const text = options.schedule ?? 'cosine';
  const schedule = readSchedule(text.toLowerCase().split(':'), epochs);
  if (schedule === null) throw new UsageError(`--schedule is constant, cosine[:FINAL], step:EPOCHS[:FACTOR] or multistep:EPOCH,EPOCH[:FACTOR], not "${text}"`);
  const length = numberOption(options, 'warmUp', 0, 1e6);
  return length === undefined || length === 0 ? schedule : warmUp({ epochs: length, then: schedule });
}

function readSchedule([kind, first, second, ...more]: readonly (string | undefined)[], epochs: number): Schedule | null {
  const number = (part: string | undefined, otherwise: number): number => (part === undefined ? otherwise : part === '' ? NaN : Number(part));
  const isRate = (value: number): boolean => value >= 0 && value <= 1e6;
  if (more.length > 0) return null;
  if (kind === 'constant') return first === undefined ? constant() : null;
  if (kind === 'cosine') {
    const final = number(first, 0);
    return isRate(final) && second === undefined ? cosine({ epochs, final }) : null;
  }
  const factor = number(second, 0.1);
  const at = (first ?? '').split(',').map((part) => number(part, NaN));
  if (!isRate(factor) || at.some((epoch) => !(epoch > 0 && epoch <= 1e6))) return null;
  if (kind === 'step' && at.length === 1) return stepSchedule({ every: at[0]!, factor });
  return kind === 'multistep' && at.every((epoch, i) => i === 0 || epoch > at[i - 1]!) ? multiStep({ at, factor }) : null;
}

/** none, flip, crop:PIXELS, or both with a comma. */
function augmentOption(options: RunOptions): Augmentation {
  const text = (options.augment ?? 'none').toLowerCase();
  if (text === 'none') return {};
  const parts = text.split(',');
  const crop = parts.map((part) => /^crop:(\d{1,3})$/.exec(part)).find((match) => match !== null);
  const known = parts.every((part) => part === 'flip' || /^crop:\d{1,3}$/.test(part));
  if (!known || new Set(parts.map((part) => part.split(':')[0])).size !== parts.length) throw new UsageError(`--augment is none, flip, crop:PIXELS or flip,crop:PIXELS, not "${options.augment}"`);
  return { ...(parts.includes('flip') ? { horizontalFlip: true } : {}), ...(crop === undefined ? {} : { cropPadding: Number(crop[1]) }) };
}

/** `4/4/4` or `32`. */
export function bitsText(bits: LayerBits | null): string {
  return bits === null ? '32' : `${bits.weight}/${bits.activation}/${bits.gradient}`;
}
