/** Every operator of a Graph against a few lines of JavaScript, and the promises of a Program. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Constant, Graph, GraphNode } from '../../ts/graph/graph.js';
import { inferOutput } from '../../ts/graph/infer.js';
import { createFloatProgram } from '../../ts/session/float-program.js';
import type { ProgramInput } from '../../ts/session/program.js';
import { errorOf } from '../engine/error-of.js';
import { engineOf } from '../engine/flavours.js';
import { floats } from './networks.js';

const test = suite('float program');

interface Values {
  readonly [name: string]: { readonly shape: readonly number[]; readonly data: Float32Array };
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const random = (seed: number, shape: readonly number[]): Values[string] => ({ shape, data: floats(seed, size(shape)) });

/** `inputs` are fed, `constants` are part of the network; pools need their output shape `declared`. */
function network(nodes: readonly GraphNode[], inputs: Values, constants: Values = {}, declared?: readonly number[]): Graph {
  const values = new Map<string, { dtype: 'f32'; shape: readonly number[] }>(Object.entries(inputs).map(([name, { shape }]) => [name, { dtype: 'f32', shape }]));
  const all = new Map(values);
  const held = new Map<string, Constant>(Object.entries(constants).map(([name, { shape, data }]) => [name, { dtype: 'f32', shape, data }]));
  for (const [name, { shape }] of held) all.set(name, { dtype: 'f32', shape });
  for (const node of nodes) {
    const info = inferOutput(node, node.inputs.map((name) => all.get(name)), declared) as { dtype: 'f32'; shape: readonly number[] };
    values.set(node.outputs[0] as string, info);
    all.set(node.outputs[0] as string, info);
  }
  return { name: 'net', inputs: Object.keys(inputs), outputs: [nodes.at(-1)?.outputs[0] as string], nodes, constants: held, values };
}

function feed(inputs: Values): Map<string, ProgramInput> {
  return new Map(Object.entries(inputs).map(([name, { data }]) => [name, { kind: 'f32', data }]));
}

async function run(nodes: readonly GraphNode[], inputs: Values, constants: Values = {}, declared?: readonly number[]): Promise<Float32Array> {
  const engine = await engineOf('auto');
  const graph = network(nodes, inputs, constants, declared);
  const program = createFloatProgram(engine, graph);
  const first = program.run(feed(inputs)).get(graph.outputs[0] as string) as Float32Array;
  for (const byte of [0x00, 0xff]) {
    program.poison(byte);
    assert.equal(program.run(feed(inputs)).get(graph.outputs[0] as string), first, 'poison changes nothing');
  }
  program.dispose();
  assert.is(engine.liveAllocations, 0);
  return first;
}

function close(actual: Float32Array, expected: ArrayLike<number>): void {
  assert.is(actual.length, expected.length);
  actual.forEach((x, i) => assert.ok(Math.abs(x - (expected[i] as number)) <= 1e-4 * Math.max(1, Math.abs(expected[i] as number)), `${i}: ${x}, not ${expected[i]}`));
}

/** Elements by index, with axes that broadcast. */
function at({ shape, data }: Values[string], index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[own.reduce((offset, i, axis) => offset * (shape[axis] as number) + (shape[axis] === 1 ? 0 : i), 0)] as number;
}

function every(shape: readonly number[], compute: (index: number[]) => number): number[] {
  return Array.from({ length: size(shape) }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (const dimension of [...shape].reverse()) {
      index.unshift(rest % dimension);
      rest = Math.floor(rest / dimension);
    }
    return compute(index);
  });
}

const node = (op: string, inputs: string[], attributes: object, more: object = {}): GraphNode => ({ op, name: op, inputs, outputs: ['y'], attributes, ...more }) as unknown as GraphNode;
const clamp = (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi);

test('Conv: batch, groups, strides, pads, dilation, bias, bounds', async () => {
  const [x, w, b] = [random(1, [2, 4, 7, 6]), random(2, [6, 2, 3, 2]), random(3, [6])];
  const attributes = { kernel: [3, 2], stride: [2, 1], pads: [1, 0, 2, 1], dilation: [1, 2], groups: 2 };
  const y = await run([node('Conv', ['x', 'w', 'b'], attributes, { bounds: { lo: -3, hi: 20 } })], { x }, { w, b });
  const expected = every([2, 6, 4, 5], ([n, oc, oy, ox]) => {
    let sum = b.data[oc as number] as number;
    for (let ic = 0; ic < 2; ic++) for (let ky = 0; ky < 3; ky++) for (let kx = 0; kx < 2; kx++) {
      const [iy, ix] = [(oy as number) * 2 + ky - 1, (ox as number) + kx * 2];
      if (iy >= 0 && iy < 7 && ix < 6) sum += at(w, [oc as number, ic, ky, kx]) * at(x, [n as number, Math.floor((oc as number) / 3) * 2 + ic, iy, ix]);
    }
    return clamp(sum, -3, 20);
  });
  close(y, expected);
});

test('Gemm: transposes, alpha, beta, every broadcast of C', async () => {
  for (const [transA, transB] of [[false, false], [true, false], [false, true], [true, true]] as const) {
    for (const cShape of [[3, 5], [1, 5], [5], [3, 1], [1], []]) {
      const [a, b, c] = [random(1, transA ? [4, 3] : [3, 4]), random(2, transB ? [5, 4] : [4, 5]), random(3, cShape)];
      const y = await run([node('Gemm', ['a', 'b', 'c'], { alpha: 0.5, beta: -2, transA, transB }, { bounds: { lo: -10, hi: Infinity } })], { a }, { b, c });
      close(y, every([3, 5], ([i, j]) => {
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += at(a, transA ? [k, i as number] : [i as number, k]) * at(b, transB ? [j as number, k] : [k, j as number]);
        return Math.max(0.5 * sum - 2 * at(c, [i as number, j as number]), -10);
      }));
    }
  }
});

test('MatMul: vectors, stacks and numpy broadcasting', async () => {
  const shapes: [number[], number[], number[]][] = [
    [[3], [3], []], [[3], [3, 4], [4]], [[2, 3], [3], [2]], [[2, 3], [3, 4], [2, 4]], [[5, 2, 3], [3, 4], [5, 2, 4]],
    [[2, 3], [5, 3, 4], [5, 2, 4]], [[2, 1, 2, 3], [1, 4, 3, 2], [2, 4, 2, 2]], [[2, 3, 1, 2, 3], [2, 1, 2, 3, 2], [2, 3, 2, 2, 2]],
    [[2, 3, 2, 2], [2, 3, 2, 1], [2, 3, 2, 1]], [[2, 3, 2, 2], [3, 2, 1], [2, 3, 2, 1]],
  ];
  for (const [aShape, bShape, yShape] of shapes) {
    const [a, b] = [random(1, aShape), random(2, bShape)];
    const y = await run([node('MatMul', ['a', 'b'], {})], { a, b });
    const full = [...yShape];
    const left = aShape.length === 1 ? [1, ...aShape] : aShape;
    const right = bShape.length === 1 ? [...bShape, 1] : bShape;
    if (aShape.length === 1) full.splice(full.length - (bShape.length === 1 ? 0 : 1), 0, 1);
    if (bShape.length === 1) full.push(1);
    close(y, every(full, (index) => {
      const [i, j, stack] = [index.at(-2) as number, index.at(-1) as number, index.slice(0, -2)];
      let sum = 0;
      for (let k = 0; k < (left.at(-1) as number); k++) sum += at({ ...a, shape: left }, [...stack, i, k]) * at({ ...b, shape: right }, [...stack, k, j]);
      return sum;
    }));
  }
});

test('BatchNormalization with bounds, of ranks 2 to 4', async () => {
  for (const shape of [[2, 3], [2, 3, 5], [2, 3, 4, 5]]) {
    const x = random(1, shape);
    const [g, b, m] = [random(2, [3]), random(3, [3]), random(4, [3])];
    const v = { shape: [3], data: Float32Array.of(0.5, 1, 4) };
    const y = await run([node('BatchNormalization', ['x', 'g', 'b', 'm', 'v'], { epsilon: 0.25 }, { bounds: { lo: 0, hi: 6 } })], { x }, { g, b, m, v });
    close(y, every(shape, (index) => {
      const c = index[1] as number;
      return clamp(((at(x, index) - at(m, [c])) / Math.sqrt(at(v, [c]) + 0.25)) * at(g, [c]) + at(b, [c]), 0, 6);
    }));
  }
});

test('Add broadcasts both ways, with bounds; Relu and Clip', async () => {
  for (const [aShape, bShape, yShape] of [[[2, 3, 4], [2, 3, 4], [2, 3, 4]], [[2, 1, 4], [3, 1], [2, 3, 4]], [[], [2, 2], [2, 2]], [[4], [2, 1, 2, 1, 3, 4], [2, 1, 2, 1, 3, 4]]] as number[][][]) {
    const [a, b] = [random(1, aShape as number[]), random(2, bShape as number[])];
    const y = await run([node('Add', ['a', 'b'], {}, { bounds: { lo: -2, hi: 2 } })], { a, b });
    close(y, every(yShape as number[], (index) => clamp(at(a, index) + at(b, index), -2, 2)));
  }
  const x = random(5, [3, 7]);
  close(await run([node('Relu', ['x'], {})], { x }), x.data.map((value) => Math.max(value, 0)));
  close(await run([node('Clip', ['x'], { min: -1, max: 2 })], { x }), x.data.map((value) => clamp(value, -1, 2)));
});

test('a value added to itself', async () => {
  const x = random(6, [2, 5]);
  close(await run([node('Add', ['x', 'x'], {})], { x }), x.data.map((value) => 2 * value));
});

test('MaxPool and AveragePool, with and without the padding', async () => {
  const x = random(1, [2, 3, 6, 7]);
  const attributes = { kernel: [3, 2], stride: [2, 2], pads: [1, 1, 1, 0], dilation: [1, 1], countIncludePad: false };
  const window = (n: number, c: number, oy: number, ox: number): number[] => {
    const found: number[] = [];
    for (let ky = 0; ky < 3; ky++) for (let kx = 0; kx < 2; kx++) {
      const [iy, ix] = [oy * 2 + ky - 1, ox * 2 + kx - 1];
      if (iy >= 0 && iy < 6 && ix >= 0 && ix < 7) found.push(at(x, [n, c, iy, ix]));
    }
    return found;
  };
  const shape = [2, 3, 3, 4];
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const each = (reduce: (numbers: number[]) => number): number[] => every(shape, ([n, c, y, z]) => reduce(window(n as number, c as number, y as number, z as number)));
  close(await run([node('MaxPool', ['x'], attributes)], { x }, {}, shape), each((found) => Math.max(...found)));
  close(await run([node('AveragePool', ['x'], attributes)], { x }, {}, shape), each((found) => sum(found) / found.length));
  close(await run([node('AveragePool', ['x'], { ...attributes, countIncludePad: true })], { x }, {}, shape), each((found) => sum(found) / 6));
});

test('ReduceMean over neighbours, axes apart and all of them', async () => {
  const x = random(1, [2, 3, 4, 5]);
  for (const axes of [[1], [3], [1, 2], [0, 2], [0, 1, 3], [0, 1, 2, 3]]) {
    for (const keepdims of [true, false]) {
      const y = await run([node('ReduceMean', ['x'], { axes, keepdims })], { x });
      const kept = x.shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
      const inner = x.shape.map((dimension, axis) => (axes.includes(axis) ? dimension : 1));
      close(y, every(kept, (index) => every(inner, (offset) => at(x, index.map((i, axis) => i + (offset[axis] as number)))).reduce((a, b) => a + b, 0) / size(inner)));
    }
  }
});

test('Softmax along every axis', async () => {
  const x = random(1, [2, 3, 4]);
  for (const axis of [0, 1, 2]) {
    const y = await run([node('Softmax', ['x'], { axis })], { x });
    close(y, every(x.shape, (index) => {
      const along = Array.from({ length: x.shape[axis] as number }, (_, i) => Math.exp(at(x, index.with(axis, i))));
      return Math.exp(at(x, index)) / along.reduce((a, b) => a + b, 0);
    }));
  }
});

test('Concat, Transpose, Slice, Pad, Reshape, Gather', async () => {
  const [x, z] = [random(1, [2, 3, 4]), random(2, [2, 2, 4])];
  assert.equal([...(await run([node('Concat', ['x', 'z', 'x'], { axis: 1 })], { x, z }))], every([2, 8, 4], ([n, c, w]) =>
    (c as number) < 3 ? at(x, [n as number, c as number, w as number]) : (c as number) < 5 ? at(z, [n as number, (c as number) - 3, w as number]) : at(x, [n as number, (c as number) - 5, w as number])));
  for (const perm of [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]]) {
    const shape = perm.map((axis) => x.shape[axis] as number);
    assert.equal([...(await run([node('Transpose', ['x'], { perm })], { x }))], every(shape, (index) => at(x, perm.map((_, axis) => index[perm.indexOf(axis)] as number))));
  }
  assert.equal([...(await run([node('Pad', ['x'], { before: [0, 1, 2], after: [1, 0, 0], value: -1.5 })], { x }))], every([3, 4, 6], ([a, b, c]) =>
    (a as number) < 2 && (b as number) >= 1 && (c as number) >= 2 ? at(x, [a as number, (b as number) - 1, (c as number) - 2]) : -1.5));
  assert.equal(await run([node('Reshape', ['x'], { shape: [6, 4] })], { x }), x.data);
  assert.equal([...(await run([node('Gather', ['x'], { axis: 1, indices: [2, 0, 2, 1], indicesShape: [2, 2] })], { x }))], every([2, 2, 2, 4], ([a, i, j, w]) =>
    at(x, [a as number, [2, 0, 2, 1][(i as number) * 2 + (j as number)] as number, w as number])));
});

test('Slice forwards and backwards', async () => {
  const x = random(1, [4, 7]);
  const graph: Graph = {
    name: 'slice', inputs: ['x'], outputs: ['y'], constants: new Map(),
    nodes: [node('Slice', ['x'], { starts: [3, 1], steps: [-2, 3] })],
    values: new Map([['x', { dtype: 'f32', shape: [4, 7] }], ['y', { dtype: 'f32', shape: [2, 2] }]]),
  };
  const program = createFloatProgram(await engineOf('auto'), graph);
  assert.equal([...(program.run(feed({ x })).get('y') as Float32Array)], every([2, 2], ([i, j]) => at(x, [3 - 2 * (i as number), 1 + 3 * (j as number)])));
  program.dispose();
});

test('the observer sees inputs, then every node, reshapes too', async () => {
  const x = random(1, [2, 6]);
  const nodes = [
    { ...node('Relu', ['x'], {}), outputs: ['a'] },
    { ...node('Reshape', ['a'], { shape: [3, 4] }), outputs: ['b'] },
    { ...node('Add', ['b', 'b'], {}), outputs: ['c'] },
  ] as GraphNode[];
  const program = createFloatProgram(await engineOf('auto'), network(nodes, { x }));
  const seen: [string, readonly number[], number][] = [];
  program.run(feed({ x }), ({ name, shape, index, read }) => {
    assert.is(index, -1);
    seen.push([name, shape, read().length]);
  });
  assert.equal(seen, [['x', [2, 6], 12], ['a', [2, 6], 12], ['b', [3, 4], 12], ['c', [3, 4], 12]]);
  assert.equal(program.steps.map(({ op }) => op), ['Relu', 'Reshape', 'Add']);
  program.dispose();
});

test('a reshape that nothing reads, long after its input was read, still shows its values', async () => {
  const x = random(3, [2, 6]);
  const step = (op: string, from: string[], to: string, attributes: object): GraphNode => ({ ...node(op, from, attributes), outputs: [to] }) as GraphNode;
  const bounds = { min: -1, max: 1 };
  const nodes = [step('Relu', ['x'], 'a', {}), step('Clip', ['a'], 'b', bounds), step('Clip', ['b'], 'c', { min: 5, max: 6 }), step('Reshape', ['a'], 'd', { shape: [12] }), step('Add', ['c', 'c'], 'e', {})];
  const program = createFloatProgram(await engineOf('auto'), network(nodes, { x }));
  const seen = new Map<string, Float32Array>();
  program.run(feed({ x }), ({ name, read }) => seen.set(name, read() as Float32Array));
  assert.equal(seen.get('d'), x.data.map((value) => Math.max(value, 0)));
  program.dispose();
});

test('a value that is read again after many steps', async () => {
  const x = random(4, [4, 9]);
  const step = (op: string, from: string[], to: string, attributes: object): GraphNode => ({ ...node(op, from, attributes), outputs: [to] }) as GraphNode;
  const nodes = [step('Relu', ['x'], 'a', {}), ...Array.from({ length: 6 }, (_, i) => step('Clip', [i === 0 ? 'a' : `b${i}`], `b${i + 1}`, { min: -1, max: 6 - i })), step('Add', ['b6', 'a'], 'y', {})];
  close(await run(nodes, { x }), x.data.map((value) => Math.max(value, 0) + clamp(Math.max(value, 0), 0, 1)));
});

test('inputs of the wrong kind or length; an input that is no f32', async () => {
  const x = random(1, [2, 6]);
  const graph = network([node('Relu', ['x'], {})], { x });
  const engine = await engineOf('auto');
  const program = createFloatProgram(engine, graph);
  await errorOf('ERR_DTYPE', () => program.run(new Map([['x', { kind: 'codes', data: new Int32Array(12) }]])));
  await errorOf('ERR_SHAPE', () => program.run(new Map([['x', { kind: 'f32', data: new Float32Array(11) }]])));
  assert.is(program.run(feed({ x })).size, 1);
  program.dispose();
  const integers: Graph = { ...graph, values: new Map([...graph.values, ['x', { dtype: 'i64', shape: [2, 6] }]]) };
  await errorOf('ERR_DTYPE', () => createFloatProgram(engine, integers));
  assert.is(engine.liveAllocations, 0);
});

test('an input or a constant may be an output', async () => {
  const x = random(1, [2]);
  const c = random(2, [3]);
  const graph: Graph = { ...network([node('Relu', ['x'], {})], { x }, { c }), outputs: ['x', 'c', 'y'] };
  const program = createFloatProgram(await engineOf('auto'), graph);
  const results = program.run(feed({ x }));
  assert.equal(results.get('x'), x.data);
  assert.equal(results.get('c'), c.data);
  program.dispose();
});

test.run();
