import type { Constant } from '../../graph/graph.js';
import type { NodeContext } from '../node-context.js';
import { DataType, dataTypeName, graphDtype } from '../tensor.js';

/** Integer types that hold every value that shape arithmetic meets without wrapping. */
const WIDE = new Set<number>([DataType.INT64, DataType.INT32, DataType.FLOAT, DataType.DOUBLE, DataType.BOOL]);

/** Of constants, between f32, integers and bool; of run-time values, only to float32. */
export function importCast(node: NodeContext): void {
  node.attributes.ignore('saturate', 'round_mode');
  const to = node.attributes.int('to', 0);
  const x = node.info(0);
  const dtype = graphDtype(to);
  if (dtype === undefined || !WIDE.has(to)) node.refuse(`attribute to = ${dataTypeName(to)}`);
  const constant = node.constant(0);
  if (dtype === x.dtype) node.alias(node.input(0));
  else if (constant === undefined) node.refuse(`attribute to = ${dataTypeName(to)} of a value that is no constant`);
  else node.fold(cast(node, constant, dtype));
}

function cast(node: NodeContext, x: Constant, dtype: Constant['dtype']): Constant {
  if (dtype === 'f32') return { dtype, shape: x.shape, data: Float32Array.from(x.data) };
  if (dtype === 'bool') return { dtype, shape: x.shape, data: Array.from(x.data, (value) => (value === 0 ? 0 : 1)) };
  const data = Array.from(x.data, Math.trunc);
  const wrong = data.find((value) => !Number.isSafeInteger(value));
  if (wrong !== undefined) throw node.invalid('input', 'integers within ±2^53', String(wrong));
  return { dtype, shape: x.shape, data };
}
