import { DyadicError } from '../../../errors.js';
import type { Constant } from '../../../graph/graph.js';
import { quantizeFloat, scaleOf, zeroPointOf } from '../../../graph/quantize-float.js';
import { DataType } from '../../tensor.js';
import { type ExportContext, int, type NodeOf } from '../context.js';
import { isFourBit } from '../opset.js';

/** How codes are stored, and the codes that the type can hold. */
interface CodeType {
  readonly dataType: number;
  readonly isFourBit: boolean;
  readonly lowest: number;
  readonly highest: number;
}

const INT4: CodeType = { dataType: DataType.INT4, isFourBit: true, lowest: -8, highest: 7 };
const INT8: CodeType = { dataType: DataType.INT8, isFourBit: false, lowest: -128, highest: 127 };
const UINT8: CodeType = { dataType: DataType.UINT8, isFourBit: false, lowest: 0, highest: 255 };

/** A value: QuantizeLinear and DequantizeLinear. A constant: its codes behind a DequantizeLinear. In a float file: nothing. */
export function exportFakeQuantize(context: ExportContext, node: NodeOf<'FakeQuantize'>): void {
  const source = node.inputs[0]!;
  const output = node.outputs[0]!;
  if (!context.settings.isQuantized) {
    if (context.graph.outputs.includes(output)) context.emit('Identity', node.name, [context.input(node, 0)], output);
    else context.alias(output, source);
    return;
  }
  const { range, scale: given, axis = 0 } = node.attributes;
  const type = codeType(context, node);
  const scales = typeof given === 'number' ? [given] : given;
  const shape = typeof given === 'number' ? [] : [scales.length];
  const scale = context.floats(`${output}.scale`, shape, scales);
  const zeroPoints = new Uint8Array(scales.length).fill(zeroPointOf(range));
  const zeroPoint = context.codes(`${output}.zero_point`, type.dataType, shape, type.isFourBit ? packNibbles(zeroPoints) : zeroPoints);
  const constant = context.graph.constants.get(source);
  const codes = constant === undefined ? quantizeValue(context, node, type, [scale, zeroPoint]) : writeCodes(context, node, type, constant);
  context.emit('DequantizeLinear', `${node.name}.dequantize`, [codes, scale, zeroPoint], output, typeof given === 'number' ? {} : { axis: int(axis) });
}

/** With a zero point codes are unsigned, from the lowest on. */
function codeType(context: ExportContext, node: NodeOf<'FakeQuantize'>): CodeType {
  const { range } = node.attributes;
  if (isFourBit(context.graph, node, context.settings)) return INT4;
  return range[0] >= 0 || zeroPointOf(range) !== 0 ? UINT8 : INT8;
}

function quantizeValue(context: ExportContext, node: NodeOf<'FakeQuantize'>, type: CodeType, parameters: readonly string[]): string {
  const { scale, range } = node.attributes;
  if (typeof scale !== 'number') throw new DyadicError('ERR_ARGUMENT', { op: `FakeQuantize "${node.name}"`, argument: 'scale', expected: 'one number, unless the input is a constant', received: `${scale.length}` });
  const [lo, hi] = range;
  const zeroPoint = zeroPointOf(range);
  const output = node.outputs[0]!;
  let x = context.input(node, 0);
  if (lo + zeroPoint > type.lowest || hi + zeroPoint < type.highest) {
    const clipped = context.fresh(`${output}.clipped`);
    context.emitBounds(`${node.name}.clip`, x, clipped, { lo: Math.fround(lo * scale), hi: Math.fround(hi * scale) });
    x = clipped;
  }
  const codes = context.fresh(`${output}.codes`);
  context.emit('QuantizeLinear', `${node.name}.quantize`, [x, ...parameters], codes);
  return codes;
}

function writeCodes(context: ExportContext, node: NodeOf<'FakeQuantize'>, type: CodeType, { shape, data }: Constant): string {
  const { attributes } = node;
  const zeroPoint = zeroPointOf(attributes.range);
  const bytes = Uint8Array.from(data, (x, i) => (quantizeFloat(x, scaleOf(attributes, shape, i), 0, attributes.range) + zeroPoint) & 0xff);
  return context.codes(`${node.outputs[0]!}.codes`, type.dataType, shape, type.isFourBit ? packNibbles(bytes) : bytes);
}

/** The first of two in the low nibble, as ONNX and SPEC 1.4 have it. */
function packNibbles(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: Math.ceil(bytes.length / 2) }, (_, i) => (bytes[2 * i]! & 15) | (((bytes[2 * i + 1] ?? 0) & 15) << 4));
}
