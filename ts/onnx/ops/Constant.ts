import type { Constant } from '../../graph/graph.js';
import type { NodeContext } from '../node-context.js';
import { toConstant } from '../tensor.js';

/** Exactly one of value, value_float, value_floats, value_int, value_ints; strings and sparse values are not supported. */
export function importConstant(node: NodeContext): void {
  const found = read(node);
  if (found === undefined) node.refuse(`attribute ${node.attributes.unread().join(', ') || 'value'}`);
  node.fold(found);
}

function read(node: NodeContext): Constant | undefined {
  const { attributes } = node;
  if (attributes.has('value')) {
    const tensor = attributes.tensor('value');
    if (tensor === undefined) return undefined;
    node.noteElementType(tensor.dataType);
    return toConstant(tensor, `${node.label}.value`);
  }
  if (attributes.has('value_float')) return { dtype: 'f32', shape: [], data: Float32Array.of(attributes.float('value_float', 0)) };
  if (attributes.has('value_int')) return { dtype: 'i64', shape: [], data: [attributes.int('value_int', 0)] };
  const floats = attributes.floats('value_floats');
  if (floats !== undefined) return { dtype: 'f32', shape: [floats.length], data: Float32Array.from(floats) };
  const ints = attributes.ints('value_ints');
  return ints === undefined ? undefined : { dtype: 'i64', shape: [ints.length], data: ints };
}
