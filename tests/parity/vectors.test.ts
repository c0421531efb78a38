/** The runtime on the vectors of `crates/reference` (`tests/vectors`): single functions at the ends of their domains. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CodeDtype, IntegerGraph, IntegerTensor, Pair, Requantization } from '../../ts/integer/integer-graph.js';
import { validateIntegerGraph } from '../../ts/integer/validate.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import { quantizeFloat } from '../../ts/graph/quantize-float.js';
import { pixelFloat } from '../../ts/session/pixel-table.js';
import type { ProgramInput } from '../../ts/session/program.js';
import { resizeBilinear } from '../../ts/session/resize.js';
import type { Engine } from '../../ts/wasm/engine.js';
import { FLAVOURS, engineOf } from '../engine/flavours.js';
import { runKernel } from '../engine/run-kernel.js';

type StoredForm = { form: 'copy' } | { form: 'q15'; shift: number; multiplier: number } | { form: 'exact'; left: number; shift: number; multiplier: number };

interface RequantizeVector {
  readonly requantization: StoredForm;
  readonly zeroPoint: number;
  readonly clamp: Pair;
  readonly acc: readonly number[];
  readonly q: readonly number[];
}

interface QuantizeVector {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly range: Pair;
  /** null is NaN; ±1e39 is ±∞. */
  readonly x: readonly (number | null)[];
  readonly q: readonly number[];
  readonly real: readonly number[];
}

interface FloatVector {
  readonly function: 'exp' | 'softmax';
  readonly x: readonly number[];
  readonly y: readonly number[];
}

interface TableVector {
  readonly function: 'table';
  readonly mean: number;
  readonly std: number;
  readonly scale: number;
  readonly zeroPoint: number;
  readonly range: Pair;
  readonly codes: readonly number[];
}

interface ResizeVector {
  readonly function: 'resize';
  readonly size: Pair;
  readonly channels: number;
  readonly outputSize: Pair;
  readonly pixels: readonly number[];
  readonly resized: readonly number[];
}

function vectors<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T[];
}

function dtypeOf([lo, hi]: Pair): CodeDtype {
  if (lo === 0) return hi === 15 ? 'u4' : 'u8';
  return lo === -128 ? 'i8' : 'i16';
}

/** A dense layer whose weights are 0: its accumulators are its bias, so any accumulator reaches any form. */
function biasGraph({ requantization: form, zeroPoint, clamp }: RequantizeVector, acc: readonly number[]): IntegerGraph {
  const tensors = new Map<string, IntegerTensor>([
    ['w', { dtype: 'i8', shape: [acc.length, 1], data: new Int8Array(acc.length) }],
    ['b', { dtype: 'i32', shape: [acc.length], data: Int32Array.from(acc) }],
  ]);
  if (form.form !== 'copy') tensors.set('m', { dtype: 'i32', shape: [1], data: Int32Array.of(form.multiplier) });
  const requantization: Requantization = form.form === 'copy' ? form : { ...form, multiplier: 'm' };
  return {
    name: JSON.stringify(form),
    values: [
      { name: 'x', dtype: 'u8', shape: [1, 1], scale: 1, zeroPoint: 0, range: [0, 255] },
      { name: 'y', dtype: dtypeOf(clamp), shape: [1, acc.length], scale: 1, zeroPoint, range: clamp },
    ],
    inputs: [{ name: 'x', value: 0, preprocess: null }],
    outputs: [{ name: 'y', value: 1, softmax: null }],
    tensors,
    operations: [{ op: 'dense', name: 'dense', inputs: [0], outputs: [1], weight: 'w', bias: 'b', requantization, clamp }],
  };
}

/** Codes of the last value, and the floats of the only output. */
function runOne(engine: Engine, graph: IntegerGraph, input: ProgramInput): { codes: number[]; floats: Float32Array } {
  const program = createIntegerProgram(engine, graph);
  try {
    let codes: number[] = [];
    const outputs = program.run(new Map([['x', input]]), (value) => {
      if (value.index === graph.values.length - 1) codes = Array.from(value.read());
    });
    return { codes, floats: outputs.get('y') ?? new Float32Array() };
  } finally {
    program.dispose();
  }
}

const requantizations = vectors<RequantizeVector>('requantize');
const quantizations = vectors<QuantizeVector>('quantize').map((vector) => ({ ...vector, x: vector.x.map((x) => (x === null ? NaN : Math.fround(x))) }));
const pictures = vectors<TableVector | ResizeVector>('preprocess');
const test = suite('vectors');

for (const flavour of FLAVOURS) {
  test(`${flavour}: requantization at the ends of what the accumulator clause allows (SPEC 2)`, async () => {
    const engine = await engineOf(flavour);
    for (const vector of requantizations) {
      const { codes } = runOne(engine, biasGraph(vector, vector.acc), { kind: 'codes', data: Uint8Array.of(255) });
      assert.equal(codes, [...vector.q], JSON.stringify(vector.requantization));
    }
  });

  test(`${flavour}: floats to codes and back through a network (SPEC 1.3)`, async () => {
    const engine = await engineOf(flavour);
    for (const { scale, zeroPoint, range, x, q, real } of quantizations) {
      const finite = x.flatMap((number, i) => (Number.isFinite(number) ? [i] : []));
      const value = { dtype: dtypeOf(range), shape: [1, finite.length], scale, zeroPoint, range };
      const graph: IntegerGraph = {
        name: 'quantize',
        values: [{ name: 'x', ...value }, { name: 'y', ...value }],
        inputs: [{ name: 'x', value: 0, preprocess: null }],
        outputs: [{ name: 'y', value: 1, softmax: null }],
        tensors: new Map(),
        operations: [{ op: 'requantize', name: 'copy', inputs: [0], outputs: [1], requantization: { form: 'copy' }, clamp: range }],
      };
      const { codes, floats } = runOne(engine, graph, { kind: 'f32', data: Float32Array.from(finite, (i) => x[i] ?? 0) });
      assert.equal(codes, finite.map((i) => q[i]), `scale ${scale}, zero point ${zeroPoint}`);
      assert.equal(Array.from(floats, (y) => y + 0), finite.map((i) => (real[i] ?? 0) + 0), `scale ${scale}`);
    }
  });

  test(`${flavour}: softmax, its bits (SPEC 4.3, 4.4)`, async () => {
    const engine = await engineOf(flavour);
    const lines = vectors<FloatVector>('softmax').filter((vector) => vector.function === 'softmax');
    assert.ok(lines.length > 0);
    for (const { x, y } of lines) {
      const address = engine.allocate(8 * x.length);
      engine.f32(address, x.length).set(x);
      runKernel(engine, 'softmax_f32', { inputOffset: address, outputOffset: address + 4 * x.length, outer: 1, length: x.length, inner: 1 });
      assert.equal(Array.from(engine.f32(address + 4 * x.length, x.length)), [...y], JSON.stringify(x));
      engine.free(address);
    }
  });
}

test('one past the accumulator clause is refused (SPEC 2.4)', () => {
  for (const vector of requantizations) {
    const most = Math.max(...vector.acc);
    validateIntegerGraph(biasGraph(vector, [most, -most]));
    if (most === 2 ** 31 - 1) continue; // no i32 bias is larger
    for (const acc of [most + 1, -most - 1]) {
      try {
        validateIntegerGraph(biasGraph(vector, [acc]));
      } catch (error) {
        assert.is((error as { code?: string }).code, 'ERR_ACCUMULATOR');
        continue;
      }
      assert.unreachable(`${JSON.stringify(vector.requantization)} accepts ${acc}`);
    }
  }
});

test('floats to codes in TypeScript (SPEC 1.3)', () => {
  for (const { scale, zeroPoint, range, x, q } of quantizations) {
    assert.equal(x.map((number) => quantizeFloat(number, scale, zeroPoint, range)), [...q], `scale ${scale}, zero point ${zeroPoint}`);
  }
});

test('pixel tables and resizing (SPEC 5)', () => {
  for (const vector of pictures) {
    if (vector.function === 'table') {
      const { mean, std, scale, zeroPoint, range, codes } = vector;
      assert.equal(Array.from({ length: 256 }, (_, p) => quantizeFloat(pixelFloat(p, mean, std), scale, zeroPoint, range)), [...codes]);
    } else {
      const { size, channels, outputSize: [height, width], pixels, resized } = vector;
      const fit = { height, width, top: 0, left: 0, keepHeight: height, keepWidth: width };
      const source = { data: Uint8Array.from(pixels), height: size[0], width: size[1], channels };
      assert.equal(Array.from(resizeBilinear(source, channels, fit)), [...resized]);
    }
  }
});

test.run();
