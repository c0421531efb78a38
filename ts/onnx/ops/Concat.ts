import type { NodeContext } from '../node-context.js';

export function importConcat(node: NodeContext): void {
  if (!node.attributes.has('axis')) throw node.invalid('axis', 'an integer', 'none');
  const given = node.attributes.int('axis', 0);
  const inputs = Array.from({ length: Math.max(node.inputCount, 1) }, (_, index) => {
    node.info(index);
    return node.input(index);
  });
  const axis = node.axis(given, node.shape(0).length);
  if (inputs.length === 1) node.alias(inputs[0]!);
  else node.emit({ op: 'Concat', inputs, attributes: { axis } });
}
