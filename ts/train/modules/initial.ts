/** First values of parameters (SPEC 7.6). `uniform` is the parameter's own stream, in [0, 1). */
import { normalNumbers } from '../random/normal.js';

type Initial = (uniform: () => number) => Float32Array;

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Every element `value`. */
export function filled(shape: readonly number[], value: number): Initial {
  return () => new Float32Array(count(shape)).fill(value);
}

/** Normal with standard deviation √(2/fanIn) (He et al. 2015), PyTorch's `kaiming_normal_`. */
export function kaimingNormal(shape: readonly number[], fanIn: number): Initial {
  const deviation = Math.sqrt(2 / fanIn);
  return (uniform) => {
    const normal = normalNumbers(uniform);
    return Float32Array.from({ length: count(shape) }, () => normal() * deviation);
  };
}

/** Uniform in ±1/√fanIn: how PyTorch begins linear weights (`kaiming_uniform_` with a = √5), and biases. */
export function kaimingUniform(shape: readonly number[], fanIn: number): Initial {
  const bound = 1 / Math.sqrt(fanIn);
  return (uniform) => Float32Array.from({ length: count(shape) }, () => (2 * uniform() - 1) * bound);
}
