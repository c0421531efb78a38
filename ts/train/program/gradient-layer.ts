/** The gradient of one quantized layer's output: where its numbers are, and the kernels that measure it when asked. */
import { at, type Ref, type StepBuffer } from '../../session/assembler.js';
import type { Stretch } from './schedule.js';

/** The fields of a gradient state, f32 × 8 (crates/quantizers/src/params.rs). */
export const GRADIENT_STATE = { maximum: 0, clip: 1, step: 2, clipped: 3, count: 4, length: 8 } as const;

/** Bins that a histogram may have. */
export const MAX_BINS = 65536;

/** Kernels that only run when somebody wants to know, and where their answers are. */
export interface GradientProbes {
  readonly histogram: { readonly stretch: Stretch; readonly output: StepBuffer };
  readonly channels: { readonly stretch: Stretch; readonly output: StepBuffer };
  readonly error: { readonly stretch: Stretch; readonly threshold: StepBuffer; readonly output: StepBuffer };
}

export class GradientLayer {
  /** The node's name. */
  readonly name: string;
  /** Addresses the noise of the layer: its place among the quantized layers of the tape. */
  readonly index: number;
  readonly bits: number;
  /** Elements of the gradient. */
  readonly count: number;
  readonly channels: number;
  /** f32 × 8 */
  readonly state: StepBuffer;
  /** f32 [1]: a factor on the learning rate of the layer's weights. */
  readonly learningRateScale: StepBuffer;
  /** f32 [channels]: clips for the weight gradient, where a method has them. */
  readonly channelClips: StepBuffer;
  #hasMaximum = false;

  constructor(parts: Pick<GradientLayer, 'name' | 'index' | 'bits' | 'count' | 'channels' | 'state' | 'learningRateScale' | 'channelClips'>) {
    this.name = parts.name;
    this.index = parts.index;
    this.bits = parts.bits;
    this.count = parts.count;
    this.channels = parts.channels;
    this.state = parts.state;
    this.learningRateScale = parts.learningRateScale;
    this.channelClips = parts.channelClips;
  }

  /** Whether the kernel that computes the gradient leaves its largest magnitude. */
  get hasMaximum(): boolean {
    return this.#hasMaximum;
  }

  /** Where that kernel writes it. */
  takeMaximum(): Ref {
    this.#hasMaximum = true;
    return at(this.state, 4 * GRADIENT_STATE.maximum);
  }
}
