import type { Constant, FakeQuantizeAttributes } from '../../graph/graph.js';
import { quantizeFloat, scaleOf } from '../../graph/quantize-float.js';
import type { NodeContext } from '../node-context.js';
import { codeRange, codesOfType, type QuantizedValue, type Quantizer, readQuantizer } from '../quantization.js';
import { DataType, dataTypeName } from '../tensor.js';

/** What a byte holds on both sides of 0, as weights must. */
const LARGEST_WEIGHT = 127;

/** Behind a QuantizeLinear: FakeQuantize of its source. Of a constant: the floats, as weights behind a FakeQuantize that says which codes they are. */
export function importDequantizeLinear(node: NodeContext): void {
  const quantized = node.quantized(0);
  if (quantized !== undefined) return importValue(node, quantized);
  const codes = node.requireConstant(0, 'what is dequantized');
  if (codes.dtype !== 'i64') throw node.invalid('inputs[0]', 'integers', codes.dtype);
  const type = node.elementType(0) ?? DataType.INT32;
  const quantizer = readQuantizer(node, type, codes.shape.length);
  importConstant(node, codes, { ...quantizer, type });
}

function importValue(node: NodeContext, { source, quantizer }: QuantizedValue): void {
  const own = readQuantizer(node, quantizer.type, 0);
  const isSame = own.zeroPoint === quantizer.zeroPoint && own.scales.length === quantizer.scales.length && own.scales.every((scale, i) => scale === quantizer.scales[i]);
  if (!isSame || own.type !== quantizer.type) node.refuse('another scale or zero point than the QuantizeLinear that made the codes');
  const constant = node.constantOf(source);
  if (constant !== undefined) return importConstant(node, quantizedConstant(node, constant, quantizer), quantizer);
  if (quantizer.scales.length > 1) node.refuse(`${quantizer.scales.length} scales for the codes of a value`);
  const scale = quantizer.scales[0]!;
  const clip = node.boundsOf(source);
  const [lo, hi] = codeRange(node, quantizer);
  const code = (bound: number): number => (Number.isFinite(bound) ? quantizeFloat(bound, scale, 0, [lo, hi]) : bound < 0 ? lo : hi);
  const narrowed = [code(clip.lo), code(clip.hi)] as const;
  // Rounding is monotonic, so bounds in front of codes are bounds of the codes.
  const range = narrowed[0] <= 0 && narrowed[1] > Math.max(0, narrowed[0]) ? narrowed : ([lo, hi] as const);
  node.emit({ op: 'FakeQuantize', inputs: [range === narrowed ? clip.source : source], attributes: { scale, range } });
}

/** Weights that the file quantizes itself: their codes, zero point included. */
function quantizedConstant(node: NodeContext, { shape, data }: Constant, quantizer: Quantizer): Constant {
  const range = codeRange(node, quantizer);
  checkScales(node, shape, quantizer);
  const attributes = attributesOf(quantizer, range);
  return { dtype: 'i64', shape, data: Array.from(data, (x, index) => quantizeFloat(x, scaleOf(attributes, shape, index), 0, range) + quantizer.zeroPoint) };
}

function importConstant(node: NodeContext, codes: Constant, quantizer: Quantizer): void {
  const { zeroPoint, type } = quantizer;
  const isWide = type === DataType.INT32;
  if (!isWide && codesOfType(type) === undefined) node.refuse(`codes of type ${dataTypeName(type)}`);
  const centred = Array.from(codes.data, (code) => code - zeroPoint);
  const largest = centred.reduce((top, code) => Math.max(top, Math.abs(code)), 1);
  const attributes = attributesOf(quantizer, [-largest, largest]);
  checkScales(node, codes.shape, quantizer);
  const floats: Constant = { dtype: 'f32', shape: codes.shape, data: Float32Array.from(centred, (code, index) => code * scaleOf(attributes, codes.shape, index)) };
  const isWeight = codes.shape.length >= 2 && !isWide && largest <= LARGEST_WEIGHT;
  if (!isWeight) node.fold(floats);
  else node.emit({ op: 'FakeQuantize', inputs: [node.addConstant(floats, 'floats')], attributes });
}

function checkScales(node: NodeContext, shape: readonly number[], { scales, axis }: Quantizer): void {
  if (scales.length > 1 && scales.length !== shape[axis]) throw node.invalid('scale', `${shape[axis] ?? 1} along axis ${axis}`, String(scales.length));
}

function attributesOf({ scales, axis }: Quantizer, range: readonly [number, number]): FakeQuantizeAttributes {
  return scales.length === 1 ? { scale: scales[0]!, range } : { scale: scales, axis, range };
}
