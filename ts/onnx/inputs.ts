/** Shapes of the graph's inputs: what the file says, the batch bound to 1, other symbols from options.shapes. */
import { DyadicError } from '../errors.js';
import type { Dimension, ValueInfoProto } from './proto.js';
import { showShape } from '../graph/shape.js';

const OP = 'importOnnx';

/**
 * The static shape of every input. Dimension 0 becomes 1 where the file leaves it open (a symbol, 0, or nothing); every other open dimension must be in
 * `shapes`, for this input or for another that names the same symbol. `shapes` may also give a batch other than the file's: networks run one sample at a
 * time. Throws ERR_ARGUMENT, ERR_SHAPE or ERR_ONNX_INVALID.
 */
export function bindInputShapes(inputs: readonly ValueInfoProto[], shapes: Readonly<Record<string, readonly number[]>>): Map<string, number[]> {
  for (const name of Object.keys(shapes)) {
    if (!inputs.some((input) => input.name === name)) {
      throw new DyadicError('ERR_ARGUMENT', { op: OP, argument: `shapes.${name}`, expected: `an input of the model (${inputs.map((input) => input.name).join(', ')})`, received: 'another name' });
    }
  }
  const symbols = new Map<string, number>();
  for (const input of inputs) {
    const given = Object.hasOwn(shapes, input.name) ? shapes[input.name] : undefined;
    if (given !== undefined) checkGiven(input, given, symbols);
  }
  return new Map(inputs.map((input) => [input.name, [...((Object.hasOwn(shapes, input.name) ? shapes[input.name] : undefined) ?? fileShape(input, symbols))]]));
}

function checkGiven(input: ValueInfoProto, given: readonly number[], symbols: Map<string, number>): void {
  const argument = `shapes.${input.name}`;
  if (!Array.isArray(given) || given.length > 6 || given.some((dim) => !Number.isInteger(dim) || dim < 1 || dim > 2 ** 24)) {
    throw new DyadicError('ERR_ARGUMENT', { op: OP, argument, expected: 'a list of at most 6 integers from 1 to 2^24', received: JSON.stringify(given) ?? String(given) });
  }
  const { shape } = input;
  if (shape === undefined) return;
  const conflict = shape.length !== given.length || shape.some((dim, axis) => axis > 0 && typeof dim === 'number' && dim > 0 && dim !== given[axis]);
  if (conflict) throw new DyadicError('ERR_SHAPE', { op: OP, argument, expected: `a shape that fits ${show(shape)}`, received: showShape(given) });
  shape.forEach((dim, axis) => {
    if (typeof dim === 'string' && dim !== '') symbols.set(dim, given[axis]!);
  });
}

function fileShape(input: ValueInfoProto, symbols: Map<string, number>): number[] {
  const argument = `input "${input.name}"`;
  const how = `options.shapes = { ${JSON.stringify(input.name)}: [...] }`;
  const { shape } = input;
  if (shape === undefined) throw new DyadicError('ERR_ARGUMENT', { op: OP, argument, expected: `a shape, which the file does not give: pass ${how}`, received: 'none' });
  if (shape.length > 6) throw new DyadicError('ERR_ONNX_INVALID', { op: OP, argument, expected: 'rank 6 at most', received: String(shape.length) });
  return shape.map((dim, axis) => {
    if (typeof dim === 'number' && dim !== 0) {
      if (dim > 0 && dim <= 2 ** 24) return dim;
      throw new DyadicError('ERR_ONNX_INVALID', { op: OP, argument, expected: 'dimensions from 1 to 2^24', received: show(shape) });
    }
    const bound = typeof dim === 'string' ? symbols.get(dim) : undefined;
    if (bound !== undefined) return bound;
    if (axis === 0) return 1;
    throw new DyadicError('ERR_ARGUMENT', {
      op: OP,
      argument,
      expected: `a size for dimension ${axis}${typeof dim === 'string' && dim !== '' ? ` ("${dim}")` : ''}, which the file leaves open: pass ${how}`,
      received: show(shape),
    });
  });
}

function show(shape: readonly Dimension[]): string {
  return `[${shape.map((dim) => (dim === '' ? '?' : dim)).join(', ')}]`;
}
