import type { GraphEditor } from '../editor.js';
import type { Constant, GraphNode } from '../graph.js';
import { sameShape } from '../shape.js';
import { gemmBias } from './gemm-bias.js';
import type { Rewrite } from './rewrite.js';

/** Adding a constant per channel after a Conv or Gemm becomes its bias; two constants are added in f32. */
export const foldBias: Rewrite = (node, editor) => {
  if (node.op !== 'Add') return false;
  const [a, b] = node.inputs as [string, string];
  return foldAddend(node, a, b, editor) || foldAddend(node, b, a, editor);
};

function foldAddend(node: GraphNode & { op: 'Add' }, source: string, addendName: string, editor: GraphEditor): boolean {
  const addend = editor.constant(addendName);
  const producer = editor.soleProducer(source);
  if (addend === undefined || producer === undefined || (producer.op !== 'Conv' && producer.op !== 'Gemm') || producer.bounds !== undefined) return false;
  const output = editor.shape(source);
  if (!sameShape(output, editor.shape(node.outputs[0]!))) return false;
  const perChannel = spread(addend, output);
  const bias = producer.op === 'Conv' ? convBias(producer, editor) : gemmBias(producer, output[1]!, editor);
  if (perChannel === undefined || bias === 'not per column') return false;
  const sum: Constant = { dtype: 'f32', shape: [output[1]!], data: bias === undefined ? perChannel : perChannel.map((value, c) => bias[c]! + value) };
  const inputs = [producer.inputs[0]!, producer.inputs[1]!, editor.addConstant(`${producer.name}/bias`, sum)];
  const bounds = node.bounds === undefined ? {} : { bounds: node.bounds };
  const fused = producer.op === 'Conv' ? producer : { ...producer, attributes: { ...producer.attributes, beta: 1 } };
  editor.fuse(producer, node, { ...fused, inputs, outputs: node.outputs, ...bounds });
  return true;
}

function convBias(conv: GraphNode & { op: 'Conv' }, editor: GraphEditor): ArrayLike<number> | undefined | 'not per column' {
  const name = conv.inputs[2] ?? '';
  return name === '' ? undefined : editor.constant(name)?.data ?? 'not per column';
}

/** The addend as one f32 per channel (axis 1 of `output`), or undefined where it differs along another axis. */
function spread(addend: Constant, output: readonly number[]): Float32Array | undefined {
  const channelAxis = addend.shape.length - output.length + 1;
  const constantElsewhere = addend.shape.every((dim, axis) => dim === 1 || axis === channelAxis);
  if (!constantElsewhere || addend.dtype !== 'f32') return undefined;
  return Float32Array.from({ length: output[1]! }, (_, c) => addend.data[addend.data.length === 1 ? 0 : c]!);
}
