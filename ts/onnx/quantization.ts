/** What QuantizeLinear and DequantizeLinear say: scale, zero point and the codes of a type. */
import type { NodeContext } from './node-context.js';
import { DataType, dataTypeName } from './tensor.js';

export interface Quantizer {
  /** One, or one per index of `axis`. */
  readonly scales: readonly number[];
  readonly axis: number;
  readonly zeroPoint: number;
  /** An element type of TensorProto. */
  readonly type: number;
}

/** A value in codes: only DequantizeLinear may read it. */
export interface QuantizedValue {
  /** The value that it was made of. */
  readonly source: string;
  readonly quantizer: Quantizer;
}

const CODES: ReadonlyMap<number, readonly [number, number]> = new Map([
  [DataType.UINT8, [0, 255]],
  [DataType.INT8, [-128, 127]],
  [DataType.UINT4, [0, 15]],
  [DataType.INT4, [-8, 7]],
]);

/** The codes of a type, or undefined for a type of more than 8 bits. */
export function codesOfType(type: number): readonly [number, number] | undefined {
  return CODES.get(type);
}

/** From inputs 1 and 2; `type` where there is no zero point to say it. What cannot be imported is reported. */
export function readQuantizer(node: NodeContext, type: number, rank: number): Quantizer {
  const scales = node.requireConstant(1, 'scale');
  const zeroPoints = node.has(2) ? node.requireConstant(2, 'zero point').data : [0];
  const { attributes } = node;
  const axis = node.axis(attributes.int('axis', 1), Math.max(rank, 2));
  if (attributes.int('block_size', 0) !== 0) node.refuse('blocks (block_size) of codes');
  attributes.int('saturate', 1);
  attributes.int('output_dtype', 0);
  attributes.int('precision', 0);
  const first = zeroPoints[0] ?? 0;
  for (const other of zeroPoints) if (other !== first) node.refuse('zero points that differ from channel to channel');
  if (scales.dtype !== 'f32' || scales.shape.length > 1 || scales.data.length === 0) throw node.invalid('scale', 'one float, or a list', `${scales.dtype} of shape [${scales.shape.join(', ')}]`);
  for (const scale of scales.data) if (!(scale > 0 && Number.isFinite(scale))) throw node.invalid('scale', 'numbers above 0', String(scale));
  return { scales: [...scales.data], axis, zeroPoint: first, type: node.has(2) ? (node.elementType(2) ?? type) : type };
}

/** Smallest and largest code above the zero point. Reports types of more than 8 bits. */
export function codeRange(node: NodeContext, { type, zeroPoint }: Quantizer): readonly [number, number] {
  const codes = codesOfType(type) ?? node.refuse(`codes of type ${dataTypeName(type)}`);
  if (zeroPoint < codes[0] || zeroPoint > codes[1]) throw node.invalid('zero point', `a code within [${codes.join(', ')}]`, String(zeroPoint));
  return [codes[0] - zeroPoint, codes[1] - zeroPoint];
}
