/** SPEC 3.6: each input is requantized if it must be, then copied into its slice of the output. */
import { activationLayout, elementBytesOf } from '../layout.js';
import { stridedCopy, type View } from '../strided-copy.js';
import type { LowerContext, OperationOf, PlacedValue } from './context.js';
import { requantizeInto } from './requantize.js';

export function lowerConcat(context: LowerContext, operation: OperationOf<'concat'>): void {
  const output = context.output(operation);
  let position = 0;
  operation.inputs.forEach((index, i) => {
    const input = context.value(index);
    const from = isPlainCopy(operation, i, input, output) ? viewOf(input) : requantized(context, operation, i, input, output);
    const to: View = {
      buffer: output.buffer,
      bytes: output.layout.elements * output.layout.elementBytes,
      start: position * (output.layout.strides[operation.axis] as number),
      strides: output.layout.strides,
    };
    stridedCopy(context.assembler, input.info.shape, output.layout.elementBytes, from, to);
    position += input.info.shape[operation.axis] as number;
  });
}

function viewOf({ buffer, layout }: PlacedValue): View {
  return { buffer, bytes: layout.elements * layout.elementBytes, start: 0, strides: layout.strides };
}

/** Whether SPEC 2.1 changes no code and no container, so that the bytes can be taken as they are. */
function isPlainCopy(operation: OperationOf<'concat'>, i: number, input: PlacedValue, output: PlacedValue): boolean {
  return (
    operation.requantizations[i]?.form === 'copy' &&
    input.container === output.container &&
    input.info.zeroPoint === output.info.zeroPoint &&
    input.info.range[0] >= operation.clamp[0] &&
    input.info.range[1] <= operation.clamp[1]
  );
}

function requantized(context: LowerContext, operation: OperationOf<'concat'>, i: number, input: PlacedValue, output: PlacedValue): View {
  const layout = activationLayout(input.info.shape, output.container);
  const bytes = layout.elements * elementBytesOf(output.container);
  const buffer = context.assembler.activation(`${operation.name} input ${i}`, bytes);
  const requantization = operation.requantizations[i] ?? { form: 'copy' };
  requantizeInto(context, input, requantization, operation.clamp, { buffer, like: output });
  return { buffer, bytes, start: 0, strides: layout.strides };
}
