/** How the clip of a layer's gradient is chosen: one signature for every method, no side effects. Research: LBT (arXiv 2407.12637) and those it compares with. */

/** What a step knows about the gradient G of one layer's output. The functions read all of G, so a method calls them only when it needs them. */
export interface GradientStatistics {
  /** Elements of G. */
  readonly count: number;
  readonly bits: number;
  /** max|G|, 0 for a gradient that is all zero. */
  readonly maximum: number;
  /** The fraction of |G| beyond the clip in the step before, with the clip that was used then; undefined in the first step. A checkpoint holds it beside the state. */
  readonly previousClippedFraction: number | undefined;
  /** How many of |G|/maximum lie in each of `bins` equal bins of [0, 1]. */
  histogram(bins: number): Int32Array;
  /** Per output channel: max|g|, standard deviation, and the fraction of |g| beyond it. */
  channels(): { readonly maximum: Float32Array; readonly deviation: Float32Array; readonly beyond: Float32Array };
}

/** Numbers only, so that a checkpoint can hold it: the same state gives the same bits. */
export type GradientState = Readonly<Record<string, number | readonly number[]>>;

export interface GradientDecision {
  /** |G| beyond it is clipped; > 0. */
  readonly clip: number;
  /** Clips per output channel for the weight gradient, where a method quantizes G twice (dai8). */
  readonly channelClips?: Float32Array;
  /** A factor on the learning rate of the layer's weights in this step (dsgc). */
  readonly learningRateScale?: number;
  readonly state: GradientState;
}

export interface GradientPolicy {
  readonly name: string;
  /** The state before the first step. */
  initial(): GradientState;
  /** The clip of this step and the state of the next. A zero gradient changes nothing but gets a clip > 0. */
  decide(statistics: GradientStatistics, state: GradientState): GradientDecision;
  /** Something the user should know about a layer with this many gradient elements, or undefined. */
  warning?(count: number, bits: number): string | undefined;
  /** `true` while a step must not change the weights (the paper's start: the first step only measures). */
  isMeasuring?(state: GradientState): boolean;
}
