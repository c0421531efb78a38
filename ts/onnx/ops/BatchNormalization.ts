import type { NodeContext } from '../node-context.js';

/** Inference only; scale, B, mean and variance must be constants. */
export function importBatchNormalization(node: NodeContext): void {
  const { attributes } = node;
  const epsilon = Math.fround(attributes.float('epsilon', 1e-5));
  attributes.ignore('momentum');
  if (attributes.int('training_mode', 0) !== 0) node.report('attribute training_mode = 1');
  if (attributes.int('spatial', 1) !== 1) node.report('attribute spatial = 0');
  ['scale', 'B', 'mean', 'var'].forEach((name, index) => node.requireConstant(index + 1, name));
  node.emit({ op: 'BatchNormalization', inputs: [0, 1, 2, 3, 4].map((index) => node.input(index)), attributes: { epsilon } });
}
