/** A named f32 array that training keeps: learned by an optimizer group, or only kept (running statistics). */

/** Which optimizer group moves it (LBT trains intervals by an optimizer of their own); `none`: kept and saved, moved by kernels. */
export type ParameterGroup = 'weights' | 'intervals' | 'none';

export interface ParameterOptions {
  readonly group: ParameterGroup;
  /** Its first values, given the seeded generator of the model. */
  readonly initial: (random: () => number) => Float32Array;
}

export class Parameter {
  readonly shape: readonly number[];
  readonly group: ParameterGroup;
  readonly initial: ParameterOptions['initial'];

  constructor(shape: readonly number[], { group, initial }: ParameterOptions) {
    this.shape = shape;
    this.group = group;
    this.initial = initial;
  }

  get count(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }
}
