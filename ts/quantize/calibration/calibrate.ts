import { DyadicError } from '../../errors.js';
import type { Preprocess } from '../../integer/integer-graph.js';
import type { Program, ProgramInput } from '../../session/program.js';
import { MinMaxObserver } from '../observers/minmax.js';
import { MseObserver } from '../observers/mse.js';
import type { RangeObserver } from '../observers/observer.js';
import { PercentileObserver } from '../observers/percentile.js';
import type { QuantizeProgress, ResolvedOptions } from '../options.js';
import { isLinear, type Plan } from '../plan/plan.js';
import { channelLayout, ChannelStatistics } from './channels.js';
import { preprocessRange } from './preprocess-range.js';
import { type Sample, throwIfAborted } from './samples.js';

/** What calibration learns about the values of a plan. */
export interface Statistics {
  /** By observed value. */
  readonly extremes: ReadonlyMap<string, MinMaxObserver>;
  /** The observers that decide the scales of codes: of percentile and mse, else the extremes again. */
  readonly limits: ReadonlyMap<string, RangeObserver>;
  /** Inputs and outputs of convolutions and dense layers, by `channelKey`. */
  readonly channels: ReadonlyMap<string, ChannelStatistics>;
  /** Values that hold pixels: their extremes are exact. */
  readonly exactInputs: ReadonlySet<string>;
}

export interface CalibrationHooks {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: QuantizeProgress) => void) | undefined;
}

/** Runs the float network over all samples, twice for the methods that need histograms. `observed`: the values whose ranges are wanted. */
export async function calibrate(plan: Plan, observed: ReadonlySet<string>, program: Program, samples: readonly Sample[], options: ResolvedOptions, hooks: CalibrationHooks): Promise<Statistics> {
  const extremes = new Map([...observed].map((name) => [name, new MinMaxObserver()]));
  const channels = channelObservers(plan);
  const seen = new Set([...extremes.keys(), ...plan.nodes.flatMap((node) => (isLinear(node) ? [node.inputs[0]!, node.output] : []))]);
  await overSamples('ranges', program, samples, hooks, seen, (name, data) => {
    extremes.get(name)?.observe(data);
    channels.get(channelKey(name, 'conv2d'))?.observe(data);
    channels.get(channelKey(name, 'dense'))?.observe(data);
  });
  checkFinite(extremes);
  const exactInputs = new Set<string>();
  if (options.preprocess) applyPreprocess(plan, options.preprocess, extremes, exactInputs);
  if (options.calibrate === 'minmax') return { extremes, limits: extremes, channels, exactInputs };

  const limits = new Map<string, RangeObserver>();
  for (const [name, observer] of extremes) limits.set(name, exactInputs.has(name) ? observer : histogramObserver(observer.limit(), options));
  await overSamples('histograms', program, samples, hooks, new Set(limits.keys()), (name, data) => {
    if (!exactInputs.has(name)) limits.get(name)?.observe(data);
  });
  return { extremes, limits, channels, exactInputs };
}

function histogramObserver(top: number, options: ResolvedOptions): RangeObserver {
  return options.calibrate === 'mse' ? new MseObserver(top) : new PercentileObserver(top, options.percentile);
}

function channelObservers(plan: Plan): Map<string, ChannelStatistics> {
  const observers = new Map<string, ChannelStatistics>();
  for (const node of plan.nodes) {
    if (!isLinear(node)) continue;
    for (const name of [node.inputs[0]!, node.output]) {
      const key = channelKey(name, node.op.form);
      if (!observers.has(key)) observers.set(key, new ChannelStatistics(channelLayout(node.op.form, plan.shapes.get(name)!)));
    }
  }
  return observers;
}

function checkFinite(extremes: ReadonlyMap<string, MinMaxObserver>): void {
  for (const [name, { lo, hi }] of extremes) {
    if (hi < lo || (Number.isFinite(lo) && Number.isFinite(hi))) continue;
    throw new DyadicError('ERR_NAN', { op: 'quantize', argument: `value "${name}"`, expected: 'finite numbers on the calibration samples', received: `[${lo}, ${hi}]` });
  }
}

function applyPreprocess(plan: Plan, preprocess: Preprocess, extremes: Map<string, MinMaxObserver>, exactInputs: Set<string>): void {
  const name = plan.inputs[0]!;
  const { lo, hi } = preprocessRange(preprocess);
  const observer = new MinMaxObserver();
  extremes.set(name, observer);
  observer.lo = lo;
  observer.hi = hi;
  exactInputs.add(name);
}

/** One name may be read as an image by a convolution and as a row by a dense layer; the two count apart. */
export function channelKey(name: string, form: 'conv2d' | 'dense'): string {
  return `${form} ${name}`;
}

/** The Program's inputs for one sample. */
export function floatInputs(sample: Sample): Map<string, ProgramInput> {
  return new Map([...sample].map(([name, data]) => [name, { kind: 'f32', data }]));
}

async function overSamples(
  phase: QuantizeProgress['phase'],
  program: Program,
  samples: readonly Sample[],
  { signal, onProgress }: CalibrationHooks,
  wanted: ReadonlySet<string>,
  observe: (name: string, data: Float32Array) => void,
): Promise<void> {
  for (const [i, sample] of samples.entries()) {
    throwIfAborted(signal);
    program.run(floatInputs(sample), (value) => {
      if (wanted.has(value.name)) observe(value.name, value.read() as Float32Array);
    });
    onProgress?.({ phase, done: i + 1, total: samples.length });
    await yieldToHost();
  }
}

/** Lets timers, input and abort events run. */
export function yieldToHost(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
