/**
 * The float network: ONNX axes (NCHW) and meaning, all shapes static. Made by ONNX import; passes rewrite it; calibration runs it;
 * the quantizer turns it into an IntegerGraph.
 */

/** Element types of values and constants in a Graph. Only f32 values are computed at run time; i64 is for shapes and indices, held as numbers. */
export type GraphDtype = 'f32' | 'i64' | 'bool';

export interface Constant {
  readonly dtype: GraphDtype;
  readonly shape: readonly number[];
  /** Row-major. i64 as exact numbers (refused at import beyond ±2^53), bool as 0/1. */
  readonly data: Float32Array | readonly number[];
}

/** Bounds fused into the node that makes a value (Relu = [0, +Infinity]). */
export interface Bounds {
  readonly lo: number;
  readonly hi: number;
}

export interface ConvAttributes {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

export interface PoolAttributes {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  /** Average pool only. */
  readonly countIncludePad: boolean;
}

export interface FakeQuantizeAttributes {
  /** A positive f32 number; of a constant also one per index of `axis`. */
  readonly scale: number | readonly number[];
  /** Of the scales of a constant; 0 if not given. */
  readonly axis?: number;
  /** Smallest and largest code above the zero point: 0 among them, at most 255 apart. Where [−128, 127] and [0, 255] do not hold them, they are stored unsigned with the zero point −lo. */
  readonly range: readonly [number, number];
}

interface NodeBase {
  readonly name: string;
  /** Names of values or constants; '' where an optional input is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The operators of a Graph: few, with every ONNX variant normalised at import. Convolutions and pools over one axis become pictures of one row between two Reshapes.
 * GlobalAveragePool becomes AveragePool over the whole input; ReduceMean over [2, 3] of rank 4 too, with a Reshape if keepdims = 0;
 * Flatten, Squeeze, Unsqueeze become Reshape; Dropout and Identity vanish; Constant, Shape and what follows from them are folded.
 */
export type GraphNode =
  /** inputs x[N,C,H,W], w[OC,C/g,KH,KW], b[OC]? */
  | (NodeBase & { readonly op: 'Conv'; readonly attributes: ConvAttributes; readonly bounds?: Bounds })
  /** inputs a, b, c?: alpha·A'B' + beta·C, C broadcast to [M,N] */
  | (NodeBase & { readonly op: 'Gemm'; readonly attributes: { readonly alpha: number; readonly beta: number; readonly transA: boolean; readonly transB: boolean }; readonly bounds?: Bounds })
  /** numpy matmul of ranks 1 to 6 */
  | (NodeBase & { readonly op: 'MatMul'; readonly attributes: Record<string, never>; readonly bounds?: Bounds })
  /** inputs x, gamma, beta, mean, variance (constants) */
  | (NodeBase & { readonly op: 'BatchNormalization'; readonly attributes: { readonly epsilon: number }; readonly bounds?: Bounds })
  /** two inputs, broadcast */
  | (NodeBase & { readonly op: 'Add'; readonly attributes: Record<string, never>; readonly bounds?: Bounds })
  | (NodeBase & { readonly op: 'Relu'; readonly attributes: Record<string, never> })
  | (NodeBase & { readonly op: 'Clip'; readonly attributes: { readonly min: number; readonly max: number } })
  | (NodeBase & { readonly op: 'MaxPool'; readonly attributes: PoolAttributes })
  | (NodeBase & { readonly op: 'AveragePool'; readonly attributes: PoolAttributes })
  | (NodeBase & { readonly op: 'ReduceMean'; readonly attributes: { readonly axes: readonly number[]; readonly keepdims: boolean } })
  | (NodeBase & { readonly op: 'Concat'; readonly attributes: { readonly axis: number } })
  | (NodeBase & { readonly op: 'Reshape'; readonly attributes: { readonly shape: readonly number[] } })
  | (NodeBase & { readonly op: 'Transpose'; readonly attributes: { readonly perm: readonly number[] } })
  /** one entry per axis of the input; the output shape says how many */
  | (NodeBase & { readonly op: 'Slice'; readonly attributes: { readonly starts: readonly number[]; readonly steps: readonly number[] } })
  /** constant mode; `before`, `after` one per axis, negative ones are normalised to a Slice first. reflect, edge and wrap become Gather nodes. */
  | (NodeBase & { readonly op: 'Pad'; readonly attributes: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number } })
  | (NodeBase & { readonly op: 'Softmax'; readonly attributes: { readonly axis: number } })
  /** y = scale · clamp(roundHalfEven(x · (1/scale)), lo, hi), each step f32 (SPEC 1.3): x as its codes show it. Of a value it says which codes the layer reads, of a constant which codes its weights are. */
  | (NodeBase & { readonly op: 'FakeQuantize'; readonly attributes: FakeQuantizeAttributes })
  /** constant indices, already made non-negative; indices shape replaces the axis */
  | (NodeBase & { readonly op: 'Gather'; readonly attributes: { readonly axis: number; readonly indices: readonly number[]; readonly indicesShape: readonly number[] } });

export type GraphOp = GraphNode['op'];

export interface ValueInfo {
  readonly dtype: GraphDtype;
  readonly shape: readonly number[];
}

export interface Graph {
  readonly name: string;
  /** f32 inputs that are not constants, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** In execution order; every input is an earlier output, a graph input or a constant. */
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Shape and type of every graph input and node output. */
  readonly values: ReadonlyMap<string, ValueInfo>;
}
