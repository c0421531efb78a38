/** SPEC 3.5, over the stored elements: input and output have one shape, so one layout but for the container. */
import type { Pair, Requantization } from '../../integer/integer-graph.js';
import { at, type StepBuffer } from '../assembler.js';
import { formFields, type LowerContext, type OperationOf, type PlacedValue } from './context.js';

export function lowerRequantize(context: LowerContext, operation: OperationOf<'requantize'>): void {
  const output = context.output(operation);
  requantizeInto(context, context.input(operation), operation.requantization, operation.clamp, { buffer: output.buffer, like: output });
}

/** Where requantized codes go: any buffer, with the container and zero point of a value. */
export interface RequantizeTarget {
  readonly buffer: StepBuffer;
  readonly like: PlacedValue;
}

export function requantizeInto(context: LowerContext, input: PlacedValue, requantization: Requantization, [lo, hi]: Pair, target: RequantizeTarget): void {
  context.assembler.step('requantize', {
    inputOffset: at(input.buffer),
    outputOffset: at(target.buffer),
    count: input.layout.elements,
    inContainer: input.container,
    inZeroPoint: input.info.zeroPoint,
    outContainer: target.like.container,
    ...formFields(requantization),
    multiplier: context.multipliers(requantization)[0] as number,
    outZeroPoint: target.like.info.zeroPoint,
    lo,
    hi,
  });
}
