/** What a Program promises besides right codes (tests/parity has those): order, memory, poison, kinds of input. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import type { Program, ProgramInput } from '../../ts/session/program.js';
import type { Engine } from '../../ts/wasm/engine.js';
import { errorOf } from '../engine/error-of.js';
import { FLAVOURS, engineOf } from '../engine/flavours.js';
import { floats, smallNetwork } from './networks.js';

const test = suite('integer program');
const SAMPLE = 3 * 6 * 6;

const feed = (input: ProgramInput): Map<string, ProgramInput> => new Map([['image', input]]);
const feedFloats = (seed: number): Map<string, ProgramInput> => feed({ kind: 'f32', data: floats(seed, SAMPLE) });

async function withProgram(use: (program: Program, engine: Engine, graph: IntegerGraph) => void | Promise<void>): Promise<void> {
  const engine = await engineOf('auto');
  const graph = smallNetwork();
  const program = createIntegerProgram(engine, graph);
  await use(program, engine, graph);
  program.dispose();
  assert.equal([engine.liveBytes, engine.liveAllocations], [0, 0]);
}

test('the observer sees inputs first, then every value once, in execution order', () =>
  withProgram((program, _engine, graph) => {
    const seen: number[] = [];
    program.run(feedFloats(1), ({ index, name, shape, read }) => {
      seen.push(index);
      assert.is(name, graph.values[index]?.name);
      assert.equal(shape, graph.values[index]?.shape);
      const [lo, hi] = graph.values[index]?.range as readonly [number, number];
      assert.ok((read() as Int32Array).every((code) => code >= lo && code <= hi));
    });
    assert.equal(seen, graph.values.map((_, index) => index));
  }));

test('poisoned slots and pad channels change nothing', () =>
  withProgram((program) => {
    const codes = (): number[][] => {
      const all: number[][] = [];
      const outputs = program.run(feedFloats(3), (value) => all.push([...value.read()]));
      return [...all, ...[...outputs.values()].map((data) => [...data])];
    };
    const expected = codes();
    for (const byte of [0x00, 0x7f, 0x80, 0xff, 0xa5]) {
      program.poison(byte);
      assert.equal(codes(), expected);
    }
  }));

test('floats, their codes and nothing in between', () =>
  withProgram((program) => {
    let codes = new Int32Array();
    const expected = program.run(feedFloats(4), (value) => {
      if (value.index === 0) codes = value.read() as Int32Array;
    });
    assert.equal(program.run(feed({ kind: 'codes', data: codes })), expected);
    assert.equal(program.run(feed({ kind: 'codes', data: Int8Array.from(codes) })), expected);
    const [x, scale] = [floats(4, SAMPLE), Math.fround(0.03)];
    x.forEach((value, i) => {
      const q = Math.fround(value * Math.fround(1 / scale));
      const nearest = Math.min(Math.max(Math.round(q) - 3, -128), 127);
      assert.ok(Math.abs((codes[i] as number) - nearest) <= (Math.abs(q % 1) === 0.5 ? 1 : 0));
    });
  }));

test('a reshape that nothing reads, long after its input was read, still shows its codes', async () => {
  const engine = await engineOf('auto');
  const small = smallNetwork();
  const value = (name: string, shape: readonly number[]): IntegerGraph['values'][number] => ({ name, dtype: 'u8', shape, scale: 1, zeroPoint: 0, range: [0, 255] });
  const clip = (from: number, to: number, clamp: readonly [number, number]): IntegerGraph['operations'][number] =>
    ({ op: 'requantize', name: `clip ${to}`, inputs: [from], outputs: [to], requantization: { form: 'copy' }, clamp });
  const graph: IntegerGraph = {
    ...small,
    values: [value('x', [1, 6]), value('a', [1, 6]), value('b', [1, 6]), value('c', [1, 6]), value('d', [6]), value('e', [1, 6])],
    inputs: [{ name: 'image', value: 0, preprocess: null }],
    outputs: [{ name: 'out', value: 5, softmax: null }],
    tensors: new Map(),
    operations: [clip(0, 1, [0, 200]), clip(1, 2, [0, 9]), clip(2, 3, [0, 5]), { op: 'reshape', name: 'reshape', inputs: [1], outputs: [4] }, clip(3, 5, [0, 4])],
  };
  const program = createIntegerProgram(engine, graph);
  const seen = new Map<string, number[]>();
  program.run(feed({ kind: 'codes', data: Uint8Array.of(0, 50, 100, 150, 200, 250) }), ({ name, read }) => seen.set(name, [...read()]));
  assert.equal(seen.get('d'), [0, 50, 100, 150, 200, 200]);
  program.dispose();
});

test('stepwise counts the operations and gives what run gives', () =>
  withProgram((program, _engine, graph) => {
    const steps = program.stepwise(feedFloats(5));
    const counts: number[] = [];
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        assert.equal(step.value, program.run(feedFloats(5)));
        break;
      }
      counts.push(step.value);
    }
    assert.equal(counts, graph.operations.map((_, i) => i + 1));
    assert.equal(program.steps.map(({ op }) => op), graph.operations.map(({ op }) => op));
  }));

test('a stepwise run that another overtakes says so', () =>
  withProgram(async (program) => {
    const steps = program.stepwise(feedFloats(5));
    steps.next();
    program.run(feedFloats(6));
    await errorOf('ERR_BUSY', () => steps.next());
  }));

test('inputs of the wrong name, kind, length or range', () =>
  withProgram(async (program) => {
    const data = floats(1, SAMPLE);
    await errorOf('ERR_ARGUMENT', () => program.run(new Map()));
    await errorOf('ERR_ARGUMENT', () => program.run(new Map([...feedFloats(1), ['other', { kind: 'f32', data }]])));
    await errorOf('ERR_SHAPE', () => program.run(feed({ kind: 'f32', data: data.subarray(1) })));
    await errorOf('ERR_SHAPE', () => program.run(feed({ kind: 'pixels', data: new Uint8Array(SAMPLE), channels: 1 })));
    await errorOf('ERR_SHAPE', () => program.run(feed({ kind: 'pixels', data: new Uint8Array(SAMPLE - 3), channels: 3 })));
    const outside = await errorOf('ERR_ARGUMENT', () => program.run(feed({ kind: 'codes', data: Int32Array.from({ length: SAMPLE }, (_, i) => (i === 7 ? 128 : 0)) })));
    assert.match(outside.message, /image\[7\].*-128\.\.127.*128/);
    const { engine, plain } = await plainProgram();
    await errorOf('ERR_DTYPE', () => plain.run(feed({ kind: 'pixels', data: new Uint8Array(SAMPLE), channels: 3 })));
    plain.dispose();
    assert.is(engine.liveAllocations, 0);
  }));

async function plainProgram(): Promise<{ engine: Engine; plain: Program }> {
  const engine = await engineOf('auto');
  return { engine, plain: createIntegerProgram(engine, smallNetwork(null)) };
}

test('two programs share an engine and not their memory; a run allocates nothing', () =>
  withProgram((program, engine, graph) => {
    const expected = program.run(feedFloats(8));
    const other = createIntegerProgram(engine, graph);
    const live = [engine.liveBytes, engine.liveAllocations];
    other.run(feedFloats(9));
    other.poison(0x55);
    assert.equal(program.run(feedFloats(8)), expected);
    assert.equal([engine.liveBytes, engine.liveAllocations], live);
    other.dispose();
  }));

test('a program that does not fit leaves nothing behind', async () => {
  const engine = await engineOf('auto');
  const small = smallNetwork();
  const [input] = small.values;
  const value = { ...(input as IntegerGraph['values'][number]), shape: [1, 2 ** 30] };
  const huge: IntegerGraph = {
    ...small,
    values: [value, { ...value, name: 'clipped' }],
    inputs: [{ name: 'image', value: 0, preprocess: null }],
    outputs: [{ name: 'out', value: 1, softmax: null }],
    operations: [{ op: 'requantize', name: 'clip', inputs: [0], outputs: [1], requantization: { form: 'copy' }, clamp: [0, 127] }],
    tensors: new Map(),
  };
  await errorOf('ERR_MEMORY', () => createIntegerProgram(engine, huge));
  assert.is(engine.liveAllocations, 0);
  const program = createIntegerProgram(engine, small);
  program.run(feedFloats(1));
  program.dispose();
});

test('disposed', async () => {
  const { plain } = await plainProgram();
  const steps = plain.stepwise(feedFloats(1));
  steps.next();
  plain.dispose();
  plain.dispose();
  await errorOf('ERR_DISPOSED', () => steps.next());
  await errorOf('ERR_DISPOSED', () => plain.run(feedFloats(1)));
  await errorOf('ERR_DISPOSED', () => plain.poison(0));
});

test('a concat that copies clamps too, on either side (SPEC 3.6)', async () => {
  const value = (shape: number[]) => ({ name: '', dtype: 'u8', shape, scale: 1, zeroPoint: 3, range: [0, 255] }) as const;
  for (const flavour of FLAVOURS) for (const clamp of [[0, 255], [5, 255], [0, 250], [5, 250]] as const) {
    const graph: IntegerGraph = {
      name: '', values: [value([1, 4]), value([1, 8])], inputs: [{ name: 'x', value: 0, preprocess: null }], outputs: [{ name: 'y', value: 1, softmax: null }], tensors: new Map(),
      operations: [{ op: 'concat', name: 'c', inputs: [0, 0], outputs: [1], axis: 1, requantizations: [{ form: 'copy' }, { form: 'copy' }], clamp }],
    };
    const program = createIntegerProgram(await engineOf(flavour), graph);
    let codes: number[] = [];
    program.run(new Map([['x', { kind: 'codes', data: Uint8Array.of(0, 4, 251, 255) }]]), (seen) => { if (seen.index === 1) codes = Array.from(seen.read()); });
    program.dispose();
    const clamped = [0, 4, 251, 255].map((code) => Math.min(Math.max(code, clamp[0]), clamp[1]));
    assert.equal(codes, [...clamped, ...clamped], clamp.join());
  }
});

test.run();
