import type { NodeContext } from '../node-context.js';

/** Vanishes in inference; training_mode (an input as of opset 12) must be false, or the ratio 0. */
export function importDropout(node: NodeContext): void {
  node.attributes.ignore('ratio', 'seed');
  if (node.opset >= 12 && node.has(2) && node.scalar(2, 'training_mode') !== 0) {
    const ratio = node.has(1) ? node.scalar(1, 'ratio') : 0.5;
    if (ratio !== 0) node.report('input training_mode = true');
  }
  node.alias(node.input(0));
}
