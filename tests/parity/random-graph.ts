/** Seeded random networks that together use every operation, type, form and geometry of SPEC 3. */
import type { IntegerGraph, Pads, Pair } from '../../ts/integer/integer-graph.js';
import { GraphBuilder, product, windows, type Geometry, type Kind, type Target, type Weights } from './graph-builder.js';
import { Random } from './random.js';
import type { FormName } from './requantizations.js';

const MOST_ELEMENTS = 6000;
const MOST_PRODUCTS = 1_500_000;
const CHANNELS = [1, 2, 3, 4, 5, 8, 12, 16, 17, 19, 32] as const;
const FORMS: readonly FormName[] = ['q15', 'q15', 'q15', 'exact', 'exact', 'copy'];
const DOT_KINDS: readonly Kind[] = ['u8', 'n8', 'i8', 'u4'];
const KINDS: readonly Kind[] = [...DOT_KINDS, 'i16'];

type Step = (build: GraphBuilder, random: Random, x: number) => void;

/** The network of a seed. */
export function randomGraph(seed: number): IntegerGraph {
  const random = new Random(seed);
  const build = new GraphBuilder(random);
  const kind = random.pick(KINDS);
  const shape = [1, random.pick(CHANNELS), random.integer(1, 12), random.integer(1, 12)];
  build.input(shape, kind, zeroPointOf(random, kind));
  if (random.oneIn(4)) {
    const second = random.pick(DOT_KINDS);
    build.input(random.oneIn(2) ? shape : [1, random.integer(1, 40)], second, zeroPointOf(random, second));
  }
  const wanted = random.integer(3, 14);
  for (let tries = 0; build.operationCount < wanted && tries < 200; tries++) {
    // Mostly the newest values, so that networks grow deep; sometimes an old one, so that values live long.
    const last = build.values.length - 1;
    const x = random.oneIn(3) ? random.integer(0, last) : Math.max(0, last - random.integer(0, 1));
    random.pick(STEPS)(build, random, x);
  }
  return build.finish(`random ${seed}`);
}

function zeroPointOf(random: Random, kind: Kind): number {
  if (kind === 'i16') return random.oneIn(3) ? random.integer(-3000, 3000) : 0;
  if (random.oneIn(2)) return 0;
  const [lo, hi] = kind === 'u4' ? [0, 15] : kind === 'i8' ? [-128, 127] : [0, 255];
  return random.pick([lo, hi, random.integer(lo, hi), random.integer(lo, hi)]);
}

function target(random: Random, kinds: readonly Kind[] = KINDS): Target {
  const kind = random.pick(kinds);
  return { kind, zeroPoint: zeroPointOf(random, kind), form: random.pick(FORMS), relu: random.oneIn(3) };
}

/** A carrier into an accumulator of 8-bit codes would saturate everywhere: `kinds` favours what networks use. */
const usual: readonly Kind[] = [...DOT_KINDS, ...DOT_KINDS, 'i16'];

function isDot(build: GraphBuilder, x: number): boolean {
  return build.value(x).dtype !== 'i16';
}

function isImage(build: GraphBuilder, x: number): boolean {
  return build.value(x).shape.length === 4;
}

function weights(random: Random): Weights {
  return {
    dtype: random.pick(['i8', 'i4']),
    pattern: random.pick(['random', 'random', 'random', 'lowest', 'highest', 'alternating', 'sparse']),
    bias: random.pick(['none', 'small', 'small', 'largest']),
    shared: random.oneIn(4),
  };
}

function geometry(random: Random, [height, width]: Pair, most: number): Geometry {
  const kernel: Pair = random.oneIn(3) ? [1, 1] : [random.integer(1, most), random.integer(1, most)];
  const square = random.integer(1, most);
  const chosen: Pair = random.oneIn(2) ? [square, square] : kernel;
  const stride: Pair = random.oneIn(2) ? [1, 1] : [random.integer(1, 3), random.integer(1, 3)];
  const dilation: Pair = random.oneIn(3) ? [random.integer(1, 3), random.integer(1, 3)] : [1, 1];
  const half = [chosen[0] >> 1, chosen[1] >> 1] as const;
  const same: Pads = [half[0], half[1], half[0], half[1]];
  const any: Pads = [random.integer(0, 3), random.integer(0, 3), random.integer(0, 3), random.integer(0, 3)];
  const pads = random.oneIn(3) ? any : same;
  const fits = (axis: 0 | 1, size: number): boolean => windows(size, chosen[axis], stride[axis], pads[axis], pads[axis === 0 ? 2 : 3], dilation[axis]) >= 1;
  return fits(0, height) && fits(1, width) ? { kernel: chosen, stride, pads, dilation } : { kernel: [1, 1], stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1] };
}

function spatial(build: GraphBuilder, x: number): Pair {
  const [, , height = 0, width = 0] = build.value(x).shape;
  return [height, width];
}

const conv2d: Step = (build, random, x) => {
  if (!isImage(build, x) || !isDot(build, x)) return;
  const channels = build.value(x).shape[1] ?? 0;
  const shape = geometry(random, spatial(build, x), 4);
  const depthwise = random.oneIn(4);
  const divisors = CHANNELS.filter((g) => channels % g === 0);
  const groups = depthwise ? channels : random.oneIn(3) ? random.pick(divisors) : 1;
  const outChannels = depthwise ? channels : groups * Math.max(1, Math.round(random.pick(CHANNELS) / groups));
  const [height, width] = spatial(build, x);
  const reach = (height + 6) * (width + 6) * outChannels;
  if (reach > 3 * MOST_ELEMENTS || (reach * channels * product(shape.kernel)) / groups > MOST_PRODUCTS) return;
  build.conv2d(x, outChannels, groups, shape, weights(random), target(random, usual));
};

const dense: Step = (build, random, x) => {
  const { shape } = build.value(x);
  if (!isDot(build, x) || shape.length > 3) return;
  const features = random.pick([1, 2, 3, 7, 10, 16, 17, 33]);
  if (product(shape) * features <= MOST_PRODUCTS) build.dense(x, features, weights(random), target(random, usual));
};

const add: Step = (build, random, x) => {
  const shape = build.value(x).shape.join();
  const partners = build.values.flatMap((value, index) => (value.shape.join() === shape ? [index] : []));
  const [carrier, code] = random.pick([[true, true], [true, true], [true, false], [false, true]] as const);
  const forms = [random.pick(FORMS), random.pick(FORMS)] as const;
  build.add(x, random.pick(partners), forms, carrier, code ? target(random, usual) : null, random.oneIn(2));
};

/** x → conv → conv, added to x: as in ResNet. */
const residual: Step = (build, random, x) => {
  const { shape } = build.value(x);
  if (!isImage(build, x) || product(shape) * (shape[1] ?? 0) * 9 > MOST_PRODUCTS) return;
  const channels = shape[1] ?? 0;
  const same: Geometry = { kernel: [3, 3], stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1] };
  const codes = isDot(build, x) ? x : build.requantize(x, target(random, DOT_KINDS));
  const first = build.conv2d(codes, channels, 1, same, weights(random), { ...target(random, DOT_KINDS), relu: true });
  const second = build.conv2d(first, channels, 1, same, weights(random), { kind: random.pick(['i16', 'i8'] as const), zeroPoint: 0, form: random.pick(['q15', 'exact'] as const) });
  build.add(second, x, [random.pick(FORMS), random.pick(FORMS)], true, target(random, DOT_KINDS), true);
};

function poolGeometry(random: Random, size: Pair, dilated: boolean): Geometry {
  if (random.oneIn(4)) return { kernel: size, stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1] };
  const shape = geometry(random, size, 3);
  return dilated ? shape : { ...shape, dilation: [1, 1] };
}

const maxPool: Step = (build, random, x) => {
  if (!isImage(build, x)) return;
  const size = spatial(build, x);
  const ceil = random.oneIn(2);
  const shape = poolGeometry(random, size, true);
  // Every window needs an element of the input (SPEC 3.4).
  const holds = ([0, 1] as const).every((axis) => {
    const [kernel, stride, dilation, before] = [shape.kernel[axis], shape.stride[axis], shape.dilation[axis], shape.pads[axis]];
    const count = windows(size[axis], kernel, stride, before, shape.pads[axis === 0 ? 2 : 3], dilation, ceil);
    return Array.from({ length: count }, (_, i) => i * stride - before).every((start) => Array.from({ length: kernel }, (_, k) => start + k * dilation).some((at) => at >= 0 && at < size[axis]));
  });
  if (holds) build.maxPool(x, shape, ceil);
};

const averagePool: Step = (build, random, x) => {
  if (!isImage(build, x)) return;
  const size = spatial(build, x);
  const includePad = random.oneIn(2);
  const ceil = random.oneIn(2);
  const shape = poolGeometry(random, size, false);
  const holds = ([0, 1] as const).every((axis) => {
    const [kernel, stride, before] = [shape.kernel[axis], shape.stride[axis], shape.pads[axis]];
    const count = windows(size[axis], kernel, stride, before, shape.pads[axis === 0 ? 2 : 3], 1, ceil);
    return before < kernel && (includePad || (count - 1) * stride - before < size[axis]);
  });
  if (holds) build.averagePool(x, shape, includePad, ceil, target(random, usual));
};

const requantize: Step = (build, random, x) => {
  build.requantize(x, target(random));
};

const concat: Step = (build, random, x) => {
  const { shape } = build.value(x);
  const axis = random.integer(1, shape.length - 1);
  if (shape.length < 2) return;
  const agrees = (other: readonly number[]): boolean => other.length === shape.length && other.every((size, i) => i === axis || size === shape[i]);
  const partners = build.values.flatMap((value, index) => (agrees(value.shape) ? [index] : []));
  const inputs = [x, ...Array.from({ length: random.integer(0, 2) }, () => random.pick(partners))];
  if (inputs.reduce((sum, input) => sum + product(build.value(input).shape), 0) > MOST_ELEMENTS) return;
  build.concat(random.shuffle(inputs), axis, inputs.map(() => random.pick(FORMS)), target(random, usual));
};

const slice: Step = (build, random, x) => {
  const { shape } = build.value(x);
  const cuts = shape.map((size, axis) => {
    if (axis === 0 || random.oneIn(2)) return { start: 0, step: 1, count: size };
    const step = random.pick([1, 1, 2, 3, -1, -2]);
    const start = random.integer(0, size - 1);
    const most = step > 0 ? Math.floor((size - 1 - start) / step) + 1 : Math.floor(start / -step) + 1;
    return { start, step, count: random.integer(Math.ceil(most / 2), most) };
  });
  build.slice(x, cuts.map(({ start }) => start), cuts.map(({ step }) => step), cuts.map(({ count }) => count));
};

const pad: Step = (build, random, x) => {
  const { shape, range, zeroPoint } = build.value(x);
  const amounts = (): number[] => shape.map((_, axis) => (axis === 0 ? 0 : random.pick([0, 0, 1, 2])));
  const [before, after] = [amounts(), amounts()];
  if (product(shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0))) > MOST_ELEMENTS) return;
  const zero = Math.min(Math.max(zeroPoint, range[0]), range[1]);
  build.pad(x, before, after, random.pick([zero, range[0], range[1], random.integer(...range)]));
};

const transpose: Step = (build, random, x) => {
  const axes = Array.from({ length: build.value(x).shape.length - 1 }, (_, axis) => axis + 1);
  build.transpose(x, [0, ...random.shuffle(axes)]);
};

/** Splits the elements of a sample into up to five axes. */
const reshape: Step = (build, random, x) => {
  let rest = product(build.value(x).shape);
  const axes: number[] = [];
  for (let axis = random.integer(0, 4); axis > 0; axis--) {
    const factors = [1, 2, 3, 4, 5, 6, 8, 12, 16].filter((factor) => rest % factor === 0);
    const factor = random.pick(factors);
    axes.push(factor);
    rest /= factor;
  }
  build.reshape(x, [1, ...random.shuffle([...axes, rest])]);
};

const flatten: Step = (build, _random, x) => {
  build.reshape(x, [1, product(build.value(x).shape)]);
};

const toImage: Step = (build, random, x) => {
  const count = product(build.value(x).shape);
  const channels = random.pick([1, 2, 3, 4, 5, 7].filter((factor) => count % factor === 0));
  const height = random.pick([1, 2, 3, 4, 6].filter((factor) => (count / channels) % factor === 0));
  if (!isImage(build, x)) build.reshape(x, [1, channels, height, count / channels / height]);
};

const STEPS: readonly Step[] = [
  conv2d, conv2d, conv2d, conv2d, conv2d, dense, dense, residual, add, add, maxPool, maxPool, averagePool, averagePool,
  requantize, concat, concat, slice, slice, pad, transpose, reshape, flatten, toImage, toImage,
];
