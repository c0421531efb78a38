import { filled } from '../../graph/evaluate.js';
import { elementCount, showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';
import { toConstant } from '../tensor.js';

/** A constant of one repeated value, f32 zero where none is given. */
export function importConstantOfShape(node: NodeContext): void {
  const tensor = node.attributes.tensor('value');
  const shape = node.integers(0, 'input');
  if (shape === undefined) throw node.invalid('input', 'a list of integers', 'none');
  if (shape.some((dim) => dim < 0)) throw node.invalid('input', 'dimensions of 0 or more', showShape(shape));
  const value = tensor === undefined ? filled('f32', [1], 0) : toConstant(tensor, `${node.label}.value`);
  if (value.data.length !== 1) throw node.invalid('value', 'one element', showShape(value.shape));
  node.charge(elementCount(shape));
  node.fold(filled(value.dtype, [...shape], value.data[0]!));
}
