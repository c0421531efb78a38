/** Gemm and MatMul: matrix products by one kernel that takes any strides. */
import { at, floatBits } from '../assembler.js';
import { elementCount, rowMajorStrides } from '../../graph/shape.js';
import { boundFields, broadcastStrides, type FloatContext, type NodeOf } from './context.js';

export function lowerGemm(context: FloatContext, node: NodeOf<'Gemm'>): void {
  const a = context.input(node, 0);
  const b = context.input(node, 1);
  const c = context.optional(node, 2);
  const output = context.output(node);
  const { alpha, beta, transA, transB } = node.attributes;
  const [m, n] = output.shape as [number, number];
  const [aRows, aColumns] = a.shape as [number, number];
  const k = transA ? aRows : aColumns;
  const bColumns = b.shape[1] as number;
  const [biasRow, biasColumn] = c === null ? [0, 0] : (broadcastStrides(c.shape, [m, n]) as [number, number]);
  context.assembler.step('gemm_f32', {
    aOffset: at(a.buffer),
    bOffset: at(b.buffer),
    biasOffset: c === null ? 0 : at(c.buffer),
    outputOffset: at(output.buffer),
    batch: 1, m, n, k,
    aBatch: 0, aRow: transA ? 1 : aColumns, aColumn: transA ? aColumns : 1,
    bBatch: 0, bRow: transB ? 1 : bColumns, bColumn: transB ? bColumns : 1,
    biasBatch: 0, biasRow, biasColumn,
    alphaBits: floatBits(alpha),
    betaBits: floatBits(beta),
    ...boundFields(node.bounds),
  });
}

interface BatchAxis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

/** numpy's rules: vectors are a row on the left and a column on the right, axes before the last two broadcast. */
export function lowerMatMul(context: FloatContext, node: NodeOf<'MatMul'>): void {
  const left = context.input(node, 0);
  const right = context.input(node, 1);
  const output = context.output(node);
  const aShape = left.shape.length === 1 ? [1, ...left.shape] : left.shape;
  const bShape = right.shape.length === 1 ? [...right.shape, 1] : right.shape;
  const [m, k] = aShape.slice(-2) as [number, number];
  const n = bShape.at(-1) as number;
  if (elementCount(output.shape) === 0) return;
  const axes = batchAxes(aShape, bShape);
  const inner = axes.at(-1) ?? { size: 1, a: 0, b: 0 };
  const bounds = boundFields(node.bounds);
  outerPositions(axes.slice(0, -1)).forEach((position, index) => {
    context.assembler.step('gemm_f32', {
      aOffset: at(left.buffer, position.a * 4),
      bOffset: at(right.buffer, position.b * 4),
      biasOffset: 0,
      outputOffset: at(output.buffer, index * inner.size * m * n * 4),
      batch: inner.size, m, n, k,
      aBatch: inner.a, aRow: k, aColumn: 1,
      bBatch: inner.b, bRow: n, bColumn: 1,
      biasBatch: 0, biasRow: 0, biasColumn: 0,
      alphaBits: floatBits(1),
      betaBits: floatBits(0),
      ...bounds,
    });
  });
}

/** The broadcast axes before the matrices, with those joined that run on into each other on both sides. */
function batchAxes(aShape: readonly number[], bShape: readonly number[]): BatchAxis[] {
  const rank = Math.max(aShape.length, bShape.length) - 2;
  const size = (shape: readonly number[], axis: number): number => shape[axis + shape.length - 2 - rank] ?? 1;
  const stride = (shape: readonly number[], axis: number): number =>
    size(shape, axis) === 1 ? 0 : (rowMajorStrides(shape)[axis + shape.length - 2 - rank] as number);
  const axes: BatchAxis[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const next = { size: Math.max(size(aShape, axis), size(bShape, axis)), a: stride(aShape, axis), b: stride(bShape, axis) };
    if (next.size === 1) continue;
    const outer = axes.at(-1);
    if (outer !== undefined && outer.a === next.a * next.size && outer.b === next.b * next.size) {
      axes[axes.length - 1] = { ...next, size: outer.size * next.size };
    } else axes.push(next);
  }
  return axes;
}

/** Element offsets of every index of the axes, in row-major order. */
function outerPositions(axes: readonly BatchAxis[]): { readonly a: number; readonly b: number }[] {
  let positions = [{ a: 0, b: 0 }];
  for (const { size, a, b } of axes) {
    positions = positions.flatMap((position) => Array.from({ length: size }, (_, i) => ({ a: position.a + i * a, b: position.b + i * b })));
  }
  return positions;
}
