/** The host's part of a quantized layer's backward pass: reads what is known of the gradient, asks the method for a clip, writes it down. */
import { DyadicError } from '../../errors.js';
import type { GradientDecision, GradientPolicy, GradientState, GradientStatistics } from '../gradient/policy.js';
import { GRADIENT_STATE, MAX_BINS, type GradientLayer, type GradientProbes } from './gradient-layer.js';
import type { LayerGradientState, ModelState } from './model-state.js';
import { request, type StepRun } from './step-run.js';
import type { LayerGradientReport } from './training-program.js';

interface Decided {
  readonly layer: GradientLayer;
  readonly decision: GradientDecision;
  readonly maximum: number;
  histogram?: Int32Array;
  largeError?: number;
  allError?: number;
}

/** What one step decides; nothing of it counts until {@link commit}. */
export class GradientDecisions {
  readonly #decided: Decided[] = [];

  /** Takes the layer's maximum, asks for a clip and writes it for the kernels. Throws ERR_TRAINING for a gradient that is no number. */
  decide(run: StepRun, layer: GradientLayer, probes: GradientProbes): GradientDecision {
    const { engine, policy } = run;
    const numbers = engine.f32(layer.state.address, GRADIENT_STATE.length);
    const maximum = numbers[GRADIENT_STATE.maximum] as number;
    if (!Number.isFinite(maximum)) run.refuseGradient(layer.name, `max|G| = ${maximum}`);
    const before = currentState(run.state, policy, layer);
    const decision = policy.decide(statistics(run, layer, probes, maximum, before.clippedFraction), before.state);
    checkDecision(policy, layer, decision);
    engine.f32(layer.state.address, GRADIENT_STATE.length)[GRADIENT_STATE.clip] = decision.clip;
    engine.f32(layer.learningRateScale.address, 1)[0] = decision.learningRateScale ?? 1;
    if (decision.channelClips !== undefined) engine.f32(layer.channelClips.address, layer.channels).set(decision.channelClips);
    const decided: Decided = { layer, decision, maximum };
    if (run.watch.histogramBins !== undefined) decided.histogram = histogram(run, layer, probes, run.watch.histogramBins);
    if (run.watch.largeFraction !== undefined) {
      // Now: the codes that are made next may lie where the histogram does.
      const counts = histogram(run, layer, probes, MAX_BINS);
      engine.f32(probes.error.threshold.address, 1)[0] = maximum * largeThreshold(counts, layer.count, run.watch.largeFraction);
    }
    this.#decided.push(decided);
    return decision;
  }

  /** Whether the layer's weights want codes with a clip per channel. */
  isPerChannel(layer: GradientLayer): boolean {
    return this.#decided.some((decided) => decided.layer === layer && decided.decision.channelClips !== undefined);
  }

  /** After the codes were made: how far they are from the gradient, if the step is watched. */
  measureError(run: StepRun, layer: GradientLayer, { error }: GradientProbes): void {
    const decided = this.#decided.at(-1);
    if (run.watch.largeFraction === undefined || decided?.layer !== layer) return;
    request(run, error.stretch);
    const [large = 0, largeSquares = 0, , all = 0, allSquares = 0] = run.engine.f32(error.output.address, 6);
    decided.largeError = largeSquares === 0 ? 0 : large / largeSquares;
    decided.allError = allSquares === 0 ? 0 : all / allSquares;
  }

  /** The states of the next step, into the model's; what the step tells about its gradients. */
  commit(run: StepRun): LayerGradientReport[] {
    return this.#decided.map(({ layer, decision, maximum, ...measured }) => {
      const clippedFraction = Math.fround(clippedCount(run, layer) / layer.count);
      run.state.gradients.set(layer.name, { state: decision.state, clippedFraction });
      return { layer: layer.name, count: layer.count, maximum, clip: decision.clip, clippedFraction, ...measured };
    });
  }
}

/** The state that a layer's next step begins with. */
export function currentState({ gradients }: ModelState, policy: GradientPolicy, { name }: GradientLayer): LayerGradientState {
  return gradients.get(name) ?? { state: policy.initial(), clippedFraction: undefined };
}

/** Whether the step that begins now may change no weights. */
export function isMeasuring(state: ModelState, policy: GradientPolicy, layers: readonly GradientLayer[]): boolean {
  return layers.some((layer) => policy.isMeasuring?.(currentState(state, policy, layer).state) === true);
}

function statistics(run: StepRun, layer: GradientLayer, probes: GradientProbes, maximum: number, previousClippedFraction: number | undefined): GradientStatistics {
  return {
    count: layer.count,
    bits: layer.bits,
    maximum,
    previousClippedFraction,
    histogram: (bins) => histogram(run, layer, probes, bins),
    channels: () => {
      request(run, probes.channels.stretch);
      const numbers = run.engine.f32(probes.channels.output.address, 3 * layer.channels).slice();
      const part = (index: number): Float32Array => numbers.subarray(index * layer.channels, (index + 1) * layer.channels);
      return { maximum: part(0), deviation: part(1), beyond: part(2) };
    },
  };
}

function histogram(run: StepRun, layer: GradientLayer, { histogram: { stretch, output } }: Pick<GradientProbes, 'histogram'>, bins: number): Int32Array {
  if (!Number.isInteger(bins) || bins < 1 || bins > MAX_BINS) {
    throw new DyadicError('ERR_ARGUMENT', { op: `gradient of "${layer.name}"`, argument: 'bins', expected: `an integer from 1 to ${MAX_BINS}`, received: String(bins) });
  }
  run.memory.setField(stretch.first, 'gradient_histogram', 'bins', bins);
  request(run, stretch);
  return run.engine.i32(output.address, bins).slice();
}

/** The lower edge of the bin where the top `fraction` begins, in [0, 1]. */
function largeThreshold(counts: Int32Array, total: number, fraction: number): number {
  let above = 0;
  for (let bin = counts.length - 1; bin > 0; bin--) {
    above += counts[bin] as number;
    if (above >= fraction * total) return bin / counts.length;
  }
  return 0;
}

function clippedCount({ engine }: StepRun, layer: GradientLayer): number {
  return engine.f32(layer.state.address, GRADIENT_STATE.length)[GRADIENT_STATE.clipped] as number;
}

/** A user's method may return anything. */
function checkDecision(policy: GradientPolicy, layer: GradientLayer, { clip, channelClips, learningRateScale = 1 }: GradientDecision): void {
  const fail = (argument: string, expected: string, received: string): never => {
    throw new DyadicError('ERR_ARGUMENT', { op: `gradient method ${policy.name}, layer "${layer.name}"`, argument, expected, received });
  };
  const isClip = (value: number): boolean => Number.isFinite(value) && Math.fround(value) > 0;
  if (!isClip(clip)) fail('clip', 'a number above 0', String(clip));
  if (!Number.isFinite(learningRateScale)) fail('learningRateScale', 'a number', String(learningRateScale));
  if (channelClips === undefined) return;
  if (channelClips.length !== layer.channels) fail('channelClips', `${layer.channels} numbers`, `${channelClips.length}`);
  const wrong = channelClips.findIndex((value) => !isClip(value));
  if (wrong >= 0) fail('channelClips', 'numbers above 0', `${channelClips[wrong]} for channel ${wrong}`);
}
