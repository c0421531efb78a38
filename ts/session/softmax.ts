/** SPEC 4.3, a float node and the end of an integer network alike. */
import { at, type Assembler, type StepBuffer } from './assembler.js';
import { elementCount } from '../graph/shape.js';

/** Softmax along one axis of row-major floats. */
export function softmax(assembler: Assembler, input: StepBuffer, output: StepBuffer, shape: readonly number[], axis: number): void {
  assembler.step('softmax_f32', {
    inputOffset: at(input),
    outputOffset: at(output),
    outer: elementCount(shape.slice(0, axis)),
    length: shape[axis] as number,
    inner: elementCount(shape.slice(axis + 1)),
  });
}
