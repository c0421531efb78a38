import type { NodeContext } from '../node-context.js';
import { readQuantizer } from '../quantization.js';
import { DataType } from '../tensor.js';

/** Codes of a value are no value of a Graph: DequantizeLinear makes one FakeQuantize of both. */
export function importQuantizeLinear(node: NodeContext): void {
  const { shape } = node.info(0);
  const type = node.attributes.int('output_dtype', 0) || DataType.UINT8;
  node.quantize(readQuantizer(node, type, shape.length));
}
