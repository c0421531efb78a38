import { elementCount, showShape } from '../../graph/shape.js';
import type { NodeContext } from '../node-context.js';

interface Amounts {
  readonly before: number[];
  readonly after: number[];
}

/**
 * pads and value are attributes before opset 11, constant inputs since, with axes as of 18. Negative amounts cut first, as a Slice. The
 * modes reflect, edge and wrap read positions of the input again: one Gather for each axis.
 */
export function importPad(node: NodeContext): void {
  const mode = node.attributes.string('mode', 'constant');
  const x = node.shape(0);
  const amounts = readAmounts(node, x.length);
  const value = (node.opset < 11 ? node.attributes.float('value', 0) : node.scalar(2, 'constant_value')) ?? 0;
  const cut = cutNegative(node, x, amounts);
  if (mode === 'constant') {
    node.emit({ op: 'Pad', inputs: [cut.name], attributes: { before: cut.before, after: cut.after, value } });
    return;
  }
  const source = { reflect, edge, wrap }[mode];
  if (source === undefined) node.refuse(`attribute mode = ${mode}`);
  gatherAxes(node, cut, source);
}

function readAmounts(node: NodeContext, rank: number): Amounts {
  const pads = node.opset < 11 ? node.attributes.ints('pads') : node.integers(1, 'pads');
  const given = node.opset < 18 ? undefined : node.integers(3, 'axes');
  const axes = given === undefined ? Array.from({ length: rank }, (_, axis) => axis) : node.axes(given, rank);
  if (pads === undefined || pads.length !== 2 * axes.length) throw node.invalid('pads', `${2 * axes.length} integers`, pads === undefined ? 'none' : showShape(pads));
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  axes.forEach((axis, index) => {
    before[axis] = pads[index]!;
    after[axis] = pads[index + axes.length]!;
  });
  return { before, after };
}

/** The input without what negative amounts take away, and the amounts that remain. */
function cutNegative(node: NodeContext, x: readonly number[], { before, after }: Amounts): Amounts & { name: string; shape: readonly number[] } {
  const starts = before.map((amount) => Math.max(-amount, 0));
  const shape = x.map((dim, axis) => dim - starts[axis]! + Math.min(after[axis]!, 0));
  const rest = { before: before.map((amount) => Math.max(amount, 0)), after: after.map((amount) => Math.max(amount, 0)) };
  if (before.every((amount) => amount >= 0) && after.every((amount) => amount >= 0)) return { ...rest, name: node.input(0), shape: x };
  if (shape.some((dim) => dim < 1)) throw node.invalid('pads', `amounts that leave something of ${showShape(x)}`, showShape([...before, ...after]));
  const name = node.emitIntermediate({ op: 'Slice', inputs: [node.input(0)], attributes: { starts, steps: x.map(() => 1) } }, 'cut', shape);
  return { ...rest, name, shape };
}

function gatherAxes(node: NodeContext, cut: Amounts & { name: string; shape: readonly number[] }, source: (position: number, size: number) => number): void {
  const padded = cut.shape.flatMap((_, axis) => (cut.before[axis] === 0 && cut.after[axis] === 0 ? [] : [axis]));
  if (padded.length === 0) {
    node.alias(cut.name);
    return;
  }
  let name = cut.name;
  padded.forEach((axis, index) => {
    const size = cut.shape[axis]!;
    const count = size + cut.before[axis]! + cut.after[axis]!;
    if (size === 0) throw node.invalid('data', 'elements to repeat', showShape(cut.shape));
    node.charge(elementCount([count]));
    const indices = Array.from({ length: count }, (_, i) => source(i - cut.before[axis]!, size));
    const spec = { op: 'Gather', inputs: [name], attributes: { axis, indices, indicesShape: [count] } } as const;
    if (index === padded.length - 1) node.emit(spec);
    else name = node.emitIntermediate(spec, `axis${axis}`);
  });
}

function reflect(position: number, size: number): number {
  if (size === 1) return 0;
  const folded = wrap(position, 2 * (size - 1));
  return folded < size ? folded : 2 * (size - 1) - folded;
}

function edge(position: number, size: number): number {
  return Math.min(Math.max(position, 0), size - 1);
}

function wrap(position: number, size: number): number {
  return ((position % size) + size) % size;
}
