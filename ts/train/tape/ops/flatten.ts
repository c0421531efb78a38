import type { Value } from '../node.js';
import { begin, pictureShape } from './input-shape.js';

/** Records [N, H, W, C] → [N, C·H·W], channel first as in ONNX; a value of rank 2 stays. */
export function flatten(x: Value): Value {
  const { tape, label } = begin(x, 'flatten');
  if (x.shape.length === 2) return x;
  const [batch, height, width, channels] = pictureShape(x, label);
  return tape.record({ op: 'flatten', inputs: [x] }, [batch, channels * height * width]);
}
