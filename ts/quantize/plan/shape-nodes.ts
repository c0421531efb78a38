import type { GraphNode } from '../../graph/graph.js';
import { type PlanWriter, Unsupported } from './plan-writer.js';

type Of<Op extends GraphNode['op']> = Extract<GraphNode, { op: Op }>;

/** A mean over any axes: the reduced axes are moved behind the others and become the window of an average pool. */
export function planReduceMean(writer: PlanWriter, node: Of<'ReduceMean'>): void {
  const input = writer.value(node, 0);
  const shape = writer.shapeOf(input);
  const axes = node.attributes.axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const reduced = shape.map((_, i) => i).filter((i) => axes.includes(i));
  const perm = [...kept, ...reduced];
  const product = (list: readonly number[]): number => list.reduce((n, axis) => n * shape[axis]!, 1);
  let x = input;
  if (perm.some((axis, i) => axis !== i)) {
    const moved = writer.fresh(`${input}.moved`, perm.map((axis) => shape[axis]!));
    x = writer.push(`${node.name}.transpose`, { kind: 'transpose', perm }, [x], moved);
  }
  const window = product(reduced);
  x = writer.reshape(node.name, x, [1, product(kept), window, 1]);
  const pooled = writer.fresh(`${node.outputs[0]!}.pooled`, [1, product(kept), 1, 1]);
  const attributes = { kernel: [window, 1], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], countIncludePad: false } as const;
  writer.push(node.name, { kind: 'average_pool', attributes }, [x], pooled);
  writer.push(`${node.name}.reshape`, { kind: 'reshape' }, [pooled], node.outputs[0]!);
}

/** Splits indices into runs of one constant step, each of which is a slice. */
export function arithmeticRuns(indices: readonly number[]): { start: number; step: number; count: number }[] {
  const runs: { start: number; step: number; count: number }[] = [];
  for (let i = 0; i < indices.length; ) {
    const start = indices[i]!;
    const step = i + 1 < indices.length ? indices[i + 1]! - start : 1;
    if (step === 0) {
      runs.push({ start, step: 1, count: 1 });
      i += 1;
      continue;
    }
    let count = 1;
    while (i + count < indices.length && indices[i + count]! === start + count * step) count++;
    runs.push({ start, step, count });
    i += count;
  }
  return runs;
}

/** Gather with constant indices: slices, joined by a concat, reshaped to the output. */
export function planGather(writer: PlanWriter, node: Of<'Gather'>): void {
  const input = writer.value(node, 0);
  const shape = writer.shapeOf(input);
  const { axis, indices } = node.attributes;
  if (indices.length === 0) throw new Unsupported('no indices');
  const along = (count: number): number[] => shape.map((n, i) => (i === axis ? count : n));
  const slices = arithmeticRuns(indices).map(({ start, step, count }) => {
    const op = { kind: 'slice', starts: shape.map((_, i) => (i === axis ? start : 0)), steps: shape.map((_, i) => (i === axis ? step : 1)) } as const;
    return writer.push(`${node.name}.slice`, op, [input], writer.fresh(`${node.outputs[0]!}.slice`, along(count)));
  });
  let joined = slices[0]!;
  if (slices.length > 1) joined = writer.push(`${node.name}.concat`, { kind: 'concat', axis }, slices, writer.fresh(`${node.outputs[0]!}.joined`, along(indices.length)));
  writer.push(node.name, { kind: 'reshape' }, [joined], node.outputs[0]!);
}
