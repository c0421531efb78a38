import { showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

/** An AveragePool over the whole input; for other than two spatial axes, the mean over them. */
export function importGlobalAveragePool(node: NodeContext): void {
  const x = node.shape(0);
  if (x.length < 2) throw node.invalid('X', 'rank 2 at least', showShape(x));
  if (x.length !== 4) {
    const axes = x.map((_, axis) => axis).slice(2);
    node.emit({ op: 'ReduceMean', inputs: [node.input(0)], attributes: { axes, keepdims: true } });
    return;
  }
  const attributes = { kernel: [x[2]!, x[3]!], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], countIncludePad: false } as const;
  node.emit({ op: 'AveragePool', inputs: [node.input(0)], attributes }, [x[0]!, x[1]!, 1, 1]);
}
