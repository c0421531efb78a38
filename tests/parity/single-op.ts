/** One operation at a time, systematically: edge sizes, every operand pair, extreme weights and biases. */
import type { IntegerGraph, Pads, Pair } from '../../ts/integer/integer-graph.js';
import { GraphBuilder, windows, type Geometry, type Kind, type Target, type WeightPattern, type Weights } from './graph-builder.js';
import { Random } from './random.js';
import type { FormName } from './requantizations.js';

export const EDGES = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17] as const;
const KINDS: readonly Kind[] = ['u4', 'u8', 'n8', 'i8'];
const ALL_KINDS: readonly Kind[] = [...KINDS, 'i16'];
const FORMS: readonly FormName[] = ['q15', 'exact', 'copy'];
const PATTERNS: readonly WeightPattern[] = ['random', 'lowest', 'highest', 'alternating'];
const ZERO_POINTS: Readonly<Record<Kind, readonly number[]>> = { u4: [0, 7, 15], u8: [0, 128, 255], n8: [0, 3, 127], i8: [0, -128, 127], i16: [0, -500] };
const ONE: Geometry = { kernel: [1, 1], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1] };

/** Hands out the elements of a list in turn: all pairs of lists of coprime lengths meet. */
class Cycle<T> {
  #next = 0;
  readonly #items: readonly T[];
  constructor(items: readonly T[]) {
    this.#items = items;
  }
  take(): T {
    return this.#items[this.#next++ % this.#items.length] as T;
  }
}

/** What varies from case to case without being the point of it. */
class Choices {
  readonly #forms = new Cycle(FORMS);
  readonly #kinds = new Cycle<Kind>(['u8', 'i8', 'u4', 'i16', 'n8']);
  readonly #patterns = new Cycle(PATTERNS);
  readonly #biases = new Cycle<Weights['bias']>(['small', 'none', 'largest']);
  readonly #turns = new Cycle([0, 1, 2, 3, 4, 5, 6]);

  zeroPoint(kind: Kind): number {
    const points = ZERO_POINTS[kind];
    return points[this.#turns.take() % points.length] ?? 0;
  }

  target(): Target {
    const kind = this.#kinds.take();
    return { kind, zeroPoint: this.zeroPoint(kind), form: this.#forms.take(), relu: this.#turns.take() === 0 };
  }

  weights(dtype: Weights['dtype'], pattern = this.#patterns.take()): Weights {
    return { dtype, pattern, bias: this.#biases.take(), shared: this.#turns.take() === 1 };
  }

  form(): FormName {
    return this.#forms.take();
  }
}

type Build = (build: GraphBuilder, choices: Choices) => void;

/** Every case, in a fixed order, its name saying what it is. */
export function singleOpGraphs(): IntegerGraph[] {
  const choices = new Choices();
  const graphs: IntegerGraph[] = [];
  const emit = (name: string, make: Build): void => {
    const build = new GraphBuilder(new Random(graphs.length + 1));
    make(build, choices);
    graphs.push(build.finish(name));
  };
  operandPairs(emit);
  convolutions(emit);
  denseLayers(emit);
  elementwise(emit);
  pools(emit);
  movements(emit);
  return graphs;
}

type Emit = (name: string, make: Build) => void;

/** Every operand pair of DESIGN §3.2 with every weight pattern, on a shape with remainders everywhere. */
function operandPairs(emit: Emit): void {
  for (const kind of KINDS) for (const dtype of ['i4', 'i8'] as const) for (const pattern of PATTERNS) for (const zeroPoint of ZERO_POINTS[kind]) {
    emit(`pair ${kind} zp ${zeroPoint} x ${dtype} ${pattern}`, (build, choices) => {
      const x = build.input([1, 5, 5, 7], kind, zeroPoint);
      build.conv2d(x, 9, 1, { ...ONE, kernel: [3, 3], pads: [1, 1, 1, 1] }, choices.weights(dtype, pattern), choices.target());
      build.conv2d(x, 5, 5, { ...ONE, kernel: [3, 3], pads: [1, 1, 1, 1] }, choices.weights(dtype, pattern), choices.target());
    });
  }
}

function convolutions(emit: Emit): void {
  const kinds = new Cycle(KINDS);
  const dtypes = new Cycle(['i8', 'i4', 'i8'] as const);
  const conv = (name: string, shape: readonly [number, number, number], outChannels: number, groups: number, geometry: Geometry): void => {
    const [kind, dtype] = [kinds.take(), dtypes.take()];
    emit(`${name} ${kind} x ${dtype}`, (build, choices) => {
      const x = build.input([1, ...shape], kind, choices.zeroPoint(kind));
      build.conv2d(x, outChannels, groups, geometry, choices.weights(dtype), choices.target());
    });
  };
  for (const channels of EDGES) for (const outChannels of EDGES) {
    conv(`conv 1x1 ${channels}->${outChannels}`, [channels, 3, 3], outChannels, 1, ONE);
    conv(`conv 3x3 ${channels}->${outChannels}`, [channels, 4, 5], outChannels, 1, { ...ONE, kernel: [3, 3], pads: [1, 1, 1, 1] });
  }
  for (const rows of EDGES) for (const columns of EDGES) {
    conv(`conv 3x3 of ${rows}x${columns}`, [3, rows, columns], 4, 1, { ...ONE, kernel: [3, 3], pads: [1, 1, 1, 1] });
    conv(`depthwise 3x3 of ${rows}x${columns}`, [9, rows, columns], 9, 9, { ...ONE, kernel: [3, 3], pads: [1, 1, 1, 1] });
  }
  for (const channels of EDGES) conv(`depthwise 5x5 of ${channels}`, [channels, 6, 6], channels, channels, { ...ONE, kernel: [5, 5], pads: [2, 2, 2, 2] });
  conv('conv many channels', [255, 2, 2], 33, 1, ONE);
  conv('conv 7x7 stride 2', [3, 17, 17], 16, 1, { kernel: [7, 7], stride: [2, 2], pads: [3, 3, 3, 3], dilation: [1, 1] });
  for (const [rows, columns] of [[2, 2], [3, 5], [4, 4], [7, 9], [12, 12]] as const) for (const pattern of PATTERNS) {
    emit(`winograd of ${rows}x${columns} ${pattern}`, (build, choices) => {
      const x = build.input([1, 32, rows, columns], 'u4', choices.zeroPoint('u4'));
      build.conv2d(x, 17, 1, { ...ONE, kernel: [3, 3], pads: [1, 1, 1, 1] }, choices.weights('i4', pattern), choices.target());
      build.conv2d(x, 8, 1, { ...ONE, kernel: [3, 3], pads: [0, 2, 2, 1] }, choices.weights('i4', pattern), choices.target());
    });
  }
  for (const geometry of geometries()) {
    const label = JSON.stringify(geometry);
    conv(`conv ${label}`, [5, 9, 8], 7, 1, geometry);
    conv(`depthwise ${label}`, [17, 9, 8], 17, 17, geometry);
    conv(`groups 3 ${label}`, [9, 9, 8], 6, 3, geometry);
    conv(`channel multiplier ${label}`, [4, 9, 8], 8, 4, geometry);
  }
}

/** Strides 1 to 3, asymmetric pads, dilation, flat and tall kernels, kernels that see nothing but padding at times. */
function geometries(): Geometry[] {
  const all: Geometry[] = [];
  for (const stride of [[1, 1], [2, 2], [3, 3], [2, 1], [1, 3]] as const) for (const dilation of [[1, 1], [2, 2], [1, 3]] as const) {
    for (const pads of [[0, 0, 0, 0], [1, 1, 1, 1], [2, 0, 1, 3], [0, 4, 0, 0]] as const) all.push({ kernel: [3, 3], stride, pads, dilation });
  }
  for (const kernel of [[1, 3], [3, 1], [2, 2], [5, 1], [4, 3]] as const) for (const stride of [1, 2] as const) {
    all.push({ kernel, stride: [stride, stride], pads: [0, 1, 2, 0], dilation: [1, 1] });
  }
  return all;
}

function denseLayers(emit: Emit): void {
  const kinds = new Cycle(KINDS);
  const dtypes = new Cycle(['i4', 'i8', 'i8'] as const);
  const dense = (shape: readonly number[], features: number): void => {
    const [kind, dtype] = [kinds.take(), dtypes.take()];
    emit(`dense [${shape.join()}]->${features} ${kind} x ${dtype}`, (build, choices) => {
      build.dense(build.input(shape, kind, choices.zeroPoint(kind)), features, choices.weights(dtype), choices.target());
    });
  };
  for (const k of EDGES) for (const n of EDGES) dense([1, k], n);
  for (const rows of EDGES) dense([1, rows, 6], 5);
  dense([1, 1025], 10);
  dense([1, 2, 3, 4], 5);
}

function elementwise(emit: Emit): void {
  for (const kind of ALL_KINDS) for (const form of FORMS) for (const count of EDGES) {
    emit(`requantize ${kind} ${form} of ${count}`, (build, choices) => {
      const x = build.input([1, count, 1, 3], kind, choices.zeroPoint(kind));
      for (let i = 0; i < 5; i++) build.requantize(x, { ...choices.target(), form });
    });
  }
  for (const a of ALL_KINDS) for (const b of ALL_KINDS) for (const [carrier, code] of [[true, true], [true, false], [false, true]] as const) {
    emit(`add ${a} ${b} ${carrier ? 'carrier' : ''} ${code ? 'code' : ''}`, (build, choices) => {
      const shape = [1, 17, 2, 3];
      const inputs = [build.input(shape, a, choices.zeroPoint(a)), build.input(shape, b, choices.zeroPoint(b))] as const;
      for (const relu of [false, true]) build.add(...inputs, [choices.form(), choices.form()], carrier, code ? choices.target() : null, relu);
      build.add(inputs[0], inputs[0], ['q15', 'exact'], true, null, false);
    });
  }
  for (const axis of [1, 2, 3]) for (const size of EDGES) {
    emit(`concat axis ${axis} of ${size}`, (build, choices) => {
      const shape = (length: number): number[] => [1, 3, 4, 5].map((dimension, i) => (i === axis ? length : dimension));
      const inputs = ALL_KINDS.map((kind, i) => build.input(shape(i === 1 ? size : 1 + i), kind, choices.zeroPoint(kind)));
      build.concat(inputs, axis, inputs.map(() => choices.form()), choices.target());
      build.concat(inputs.slice(1, 2), axis, ['copy'], choices.target());
    });
  }
}

function pools(emit: Emit): void {
  const kinds = new Cycle(ALL_KINDS);
  const pool = (name: string, size: Pair, channels: number, geometry: Geometry): void => {
    const kind = kinds.take();
    emit(`${name} ${kind}`, (build, choices) => {
      const x = build.input([1, channels, ...size], kind, choices.zeroPoint(kind));
      for (const ceil of [false, true]) {
        if (poolReadsInput(size, geometry, ceil)) build.maxPool(x, geometry, ceil);
        const flat: Geometry = { ...geometry, dilation: [1, 1] };
        if (poolReadsInput(size, flat, ceil)) for (const includePad of [false, true]) build.averagePool(x, flat, includePad, ceil, choices.target());
      }
    });
  };
  for (const channels of EDGES) pool(`pool 2x2 of ${channels} channels`, [4, 6], channels, { ...ONE, kernel: [2, 2], stride: [2, 2] });
  for (const rows of EDGES) for (const columns of EDGES) {
    pool(`global pool of ${rows}x${columns}`, [rows, columns], 3, { ...ONE, kernel: [rows, columns] });
    pool(`pool 3x3 stride 2 of ${rows}x${columns}`, [rows, columns], 5, { kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1], dilation: [1, 1] });
  }
  for (const geometry of geometries()) pool(`pool ${JSON.stringify(geometry)}`, [9, 8], 17, geometry);
}

/** Whether every window of both axes has an element of the input (SPEC 3.4). */
function poolReadsInput(size: Pair, { kernel, stride, pads, dilation }: Geometry, ceil: boolean): boolean {
  return ([0, 1] as const).every((axis) => {
    const after = (pads as Pads)[axis === 0 ? 2 : 3];
    const count = windows(size[axis], kernel[axis], stride[axis], pads[axis], after, dilation[axis], ceil);
    const taps = (i: number): number[] => Array.from({ length: kernel[axis] }, (_, k) => i * stride[axis] + k * dilation[axis] - pads[axis]);
    return count >= 1 && Array.from({ length: count }, (_, i) => taps(i)).every((all) => all.some((at) => at >= 0 && at < size[axis]));
  });
}

function movements(emit: Emit): void {
  const perms = [[0, 1, 3, 2], [0, 2, 1, 3], [0, 2, 3, 1], [0, 3, 1, 2], [0, 3, 2, 1]] as const;
  for (const kind of ALL_KINDS) for (const channels of EDGES) {
    emit(`movements ${kind} of ${channels}`, (build, choices) => {
      const x = build.input([1, channels, 4, 5], kind, choices.zeroPoint(kind));
      for (const perm of perms) build.transpose(x, perm);
      build.slice(x, [0, channels - 1, 3, 0], [1, -1, -1, 2], [1, channels, 4, 3]);
      build.slice(x, [0, channels >> 1, 1, 4], [1, 1, 2, -3], [1, channels - (channels >> 1), 2, 2]);
      build.pad(x, [0, 1, 0, 2], [0, 0, 3, 1], build.value(x).range[1]);
      const flat = build.reshape(x, [1, channels * 20]);
      build.slice(flat, [0, channels * 20 - 1], [1, -1], [1, channels * 20]);
      build.pad(flat, [0, 3], [0, 2], build.value(x).range[0]);
      const cube = build.reshape(x, [1, channels, 2, 2, 5]);
      build.transpose(cube, [0, 4, 3, 2, 1]);
      build.transpose(build.reshape(cube, [1, 2, 2, channels, 5, 1]), [0, 5, 3, 1, 4, 2]);
      const image = build.reshape(build.transpose(x, [0, 3, 1, 2]), [1, 4, 5, channels]);
      build.requantize(image, choices.target());
    });
  }
}
