import type { GraphEditor } from '../editor.js';
import type { GraphNode } from '../graph.js';
import { everyWindowTouches } from '../pool-window.js';
import type { Rewrite } from './rewrite.js';

type PadNode = GraphNode & { op: 'Pad' };

/**
 * Spatial padding moves into the Conv or pool that reads it: zeros into a Conv and into an AveragePool that then counts them (it has
 * no padding of its own that it leaves out), −Infinity into a MaxPool.
 */
export const foldPad: Rewrite = (node, editor) => {
  if (node.op !== 'Conv' && node.op !== 'AveragePool' && node.op !== 'MaxPool') return false;
  const pad = editor.producer(node.inputs[0]!);
  if (pad === undefined || pad.op !== 'Pad' || !isSpatial(pad)) return false;
  const folded = fold(node, pad, editor);
  if (folded === undefined) return false;
  editor.replace(node, folded);
  return true;
};

function isSpatial(pad: PadNode): boolean {
  const { before, after } = pad.attributes;
  return before.length === 4 && before[0] === 0 && before[1] === 0 && after[0] === 0 && after[1] === 0;
}

function fold(node: GraphNode & { op: 'Conv' | 'AveragePool' | 'MaxPool' }, pad: PadNode, editor: GraphEditor): GraphNode | undefined {
  const [top, left, bottom, right] = node.attributes.pads;
  const { before, after, value } = pad.attributes;
  const pads = [top + before[2]!, left + before[3]!, bottom + after[2]!, right + after[3]!] as const;
  const inputs = [pad.inputs[0]!, ...node.inputs.slice(1)];
  if (node.op === 'Conv') return value === 0 ? { ...node, inputs, attributes: { ...node.attributes, pads } } : undefined;
  if (node.op === 'MaxPool') return value === -Infinity && touches(node, pads, pad, editor) ? { ...node, inputs, attributes: { ...node.attributes, pads } } : undefined;
  const counts = node.attributes.countIncludePad || [top, left, bottom, right].every((amount) => amount === 0);
  if (value !== 0 || !counts || !touches(node, pads, pad, editor)) return undefined;
  return { ...node, inputs, attributes: { ...node.attributes, pads, countIncludePad: true } };
}

/** A Graph has no window that lies in the padding altogether (infer.ts checks it), so one that would is left alone. */
function touches(node: GraphNode & { op: 'AveragePool' | 'MaxPool' }, pads: readonly number[], pad: PadNode, editor: GraphEditor): boolean {
  const input = editor.shape(pad.inputs[0]!);
  const output = editor.shape(node.outputs[0]!);
  const { kernel, stride, dilation } = node.attributes;
  return ([0, 1] as const).every((axis) => everyWindowTouches(output[axis + 2]!, input[axis + 2]!, pads[axis]!, kernel[axis], stride[axis], dilation[axis]));
}
