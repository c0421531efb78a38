import type { LayerBits } from '../tape/node.js';

/** A named f32 array that training keeps: learned by an optimizer group, or only kept (running statistics). */

/** Which optimizer group moves it (LBT trains intervals by an optimizer of their own); `none`: kept and saved, moved by kernels. */
export type ParameterGroup = 'weights' | 'intervals' | 'none';

export interface ParameterOptions {
  readonly group: ParameterGroup;
  /** Of the layer whose interval it is: the interval means nothing at other widths. */
  readonly bits?: LayerBits;
  /** Its first values, given the seeded generator of the model. */
  readonly initial: (random: () => number) => Float32Array;
}

export class Parameter {
  readonly shape: readonly number[];
  readonly group: ParameterGroup;
  readonly bits: LayerBits | null;
  readonly initial: ParameterOptions['initial'];

  constructor(shape: readonly number[], { group, bits, initial }: ParameterOptions) {
    this.shape = shape;
    this.group = group;
    this.bits = bits ?? null;
    this.initial = initial;
  }

  get count(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }
}
