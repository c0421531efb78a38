import type { NodeContext } from '../node-context.js';

export function importGemm(node: NodeContext): void {
  const { attributes } = node;
  const alpha = Math.fround(attributes.float('alpha', 1));
  const beta = Math.fround(attributes.float('beta', 1));
  const transA = attributes.int('transA', 0) !== 0;
  const transB = attributes.int('transB', 0) !== 0;
  node.info(0);
  node.info(1);
  const c = node.has(2) ? [node.input(2)] : [];
  node.emit({ op: 'Gemm', inputs: [node.input(0), node.input(1), ...c], attributes: { alpha, beta, transA, transB } });
}
