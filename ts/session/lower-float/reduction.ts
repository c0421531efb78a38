/** ReduceMean and Softmax. */
import { at } from '../assembler.js';
import { elementCount } from '../../graph/shape.js';
import { softmax } from '../softmax.js';
import type { FloatContext, NodeOf } from './context.js';

/** Neighbouring axes are one axis; groups that lie apart are averaged one after the other, the last first. */
export function lowerReduceMean(context: FloatContext, node: NodeOf<'ReduceMean'>): void {
  const input = context.input(node);
  const groups = axisGroups(node.attributes.axes, input.shape);
  if (groups.length === 0) {
    context.share(node.outputs[0] as string, context.output(node).shape, input.buffer);
    return;
  }
  const output = context.output(node);
  const shape = [...input.shape];
  let source = input.buffer;
  groups.reverse().forEach(({ first, last }, index) => {
    const length = elementCount(shape.slice(first, last));
    const outer = elementCount(shape.slice(0, first));
    const inner = elementCount(shape.slice(last));
    shape.fill(1, first, last);
    const target = index === groups.length - 1 ? output.buffer : context.temporary(`${node.name} partial`, outer * inner);
    context.assembler.step('mean_f32', { inputOffset: at(source), outputOffset: at(target), outer, length, inner });
    source = target;
  });
}

/** Axes as ranges [first, last), ascending. An empty list means every axis. */
function axisGroups(axes: readonly number[], shape: readonly number[]): { readonly first: number; readonly last: number }[] {
  const rank = shape.length;
  const all = axes.length === 0 ? shape.map((_, axis) => axis) : [...new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b);
  const groups: { first: number; last: number }[] = [];
  for (const axis of all) {
    const open = groups.at(-1);
    if (open?.last === axis) open.last = axis + 1;
    else groups.push({ first: axis, last: axis + 1 });
  }
  return groups;
}

export function lowerSoftmax(context: FloatContext, node: NodeOf<'Softmax'>): void {
  const input = context.input(node);
  const { axis } = node.attributes;
  softmax(context.assembler, input.buffer, context.output(node).buffer, input.shape, axis < 0 ? axis + input.shape.length : axis);
}
