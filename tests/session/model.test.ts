/** The public API: what goes in, what comes out, and every way to get it wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDyad, encodeDyad, load, pixelsToFloats, preprocessPicture, Tensor, type Model, type ModelInput } from '../../ts/entry/node.js';
import { errorOf } from '../engine/error-of.js';
import { FLAVOURS, moduleBytes } from '../engine/flavours.js';
import { setDefaultLoader } from '../../ts/wasm/loader.js';
import { floats, PREPROCESS, smallNetwork } from './networks.js';

setDefaultLoader(moduleBytes);
const test = suite('model');
const SAMPLE = 3 * 6 * 6;

const small = (): Promise<Model> => load(smallNetwork());
const image = (seed: number, batch = 1): Tensor<'f32'> => Tensor.from(floats(seed, batch * SAMPLE), [batch, 3, 6, 6]);

function run(model: Model, input: ModelInput): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(model.runAll(input)).map(([name, tensor]) => {
    const data = tensor.toArray();
    tensor.dispose();
    return [name, data];
  }));
}

test('it says what it takes and what it gives', async () => {
  const model = await small();
  assert.equal(model.inputs, [{ name: 'image', shape: [1, 3, 6, 6], preprocess: PREPROCESS }]);
  assert.equal(model.outputs, [{ name: 'scores', shape: [1, 5] }, { name: 'features', shape: [1, 5, 6, 6] }]);
  assert.is(model.kind, 'integer');
  assert.ok(FLAVOURS.includes(model.flavour));
  model.dispose();
});

test('both flavours give the same bytes, and they are no constant', async () => {
  const results = [];
  for (const flavour of FLAVOURS) {
    const model = await load(smallNetwork(), { flavour });
    assert.is(model.flavour, flavour);
    results.push([1, 2].map((seed) => run(model, image(seed))));
    model.dispose();
  }
  assert.equal(results[0], results[1]);
  assert.not.equal(results[0]?.[0], results[0]?.[1]);
  const scores = results[0]?.[0]?.scores as Float32Array;
  assert.ok(Math.abs(scores.reduce((a, b) => a + b) - 1) < 1e-5);
});

test('a batch equals the single runs, bit for bit', async () => {
  const model = await small();
  const all = floats(5, 4 * SAMPLE);
  const batch = model.runAll(Tensor.from(all, [4, 3, 6, 6]));
  assert.equal(batch.scores?.shape, [4, 5]);
  assert.equal(batch.features?.shape, [4, 5, 6, 6]);
  for (let i = 0; i < 4; i++) {
    const one = run(model, all.slice(i * SAMPLE, (i + 1) * SAMPLE));
    for (const name of ['scores', 'features'] as const) {
      const size = one[name]?.length as number;
      assert.equal(batch[name]?.toArray().slice(i * size, (i + 1) * size), one[name]);
    }
  }
  for (const tensor of Object.values(batch)) tensor.dispose();
  model.dispose();
});

test('run gives the first output and keeps nothing of the others', async () => {
  const model = await small();
  const before = model.memory.liveAllocations;
  const scores = model.run(image(1));
  assert.equal(scores.shape, [1, 5]);
  assert.is(model.memory.liveAllocations, before + 1);
  scores.dispose();
  assert.is(model.memory.liveAllocations, before);
  model.dispose();
});

test('inputs by name', async () => {
  const model = await small();
  const byName = model.runAll({ image: image(3) });
  assert.equal(byName.scores?.toArray(), run(model, image(3)).scores);
  for (const tensor of Object.values(byName)) tensor.dispose();
  const missing = await errorOf('ERR_ARGUMENT', () => model.run({}));
  assert.match(missing.message, /"image".*\[1, 3, 6, 6\]/);
  await errorOf('ERR_ARGUMENT', () => model.run({ image: image(1), other: image(1) }));
  model.dispose();
});

test('a picture is its floats', async () => {
  const model = await small();
  const picture = { width: 9, height: 7, data: Uint8ClampedArray.from({ length: 9 * 7 * 4 }, (_, i) => (i * 37) % 256) };
  const asFloats = pixelsToFloats(preprocessPicture(picture, PREPROCESS), PREPROCESS);
  assert.equal(run(model, picture), run(model, asFloats));
  await errorOf('ERR_IMAGE', () => model.run({ ...picture, width: 8 }));
  const plain = await load(smallNetwork(null));
  await errorOf('ERR_DTYPE', () => plain.run(picture));
  plain.dispose();
  model.dispose();
});

test('bgr reads the same bytes from the other end', async () => {
  const picture = { width: 6, height: 6, channels: 3 as const, data: Uint8Array.from({ length: SAMPLE }, (_, i) => (i * 29) % 256) };
  const model = await load(smallNetwork({ ...PREPROCESS, channels: 'bgr' }));
  const asFloats = pixelsToFloats(picture.data, { ...PREPROCESS, channels: 'bgr' });
  assert.equal(run(model, picture), run(model, asFloats));
  model.dispose();
});

test('wrong inputs are refused by name and the model stays usable', async () => {
  const model = await small();
  const expected = run(model, image(1));
  const live = model.memory.liveAllocations;
  const wrong = async (code: Parameters<typeof errorOf>[0], input: unknown, pattern: RegExp): Promise<void> => {
    const error = await errorOf(code, () => model.run(input as ModelInput));
    assert.match(error.message, pattern);
    assert.equal(await model.runAsync(input as ModelInput).catch((reason: { code: string }) => reason.code), code);
    assert.equal(run(model, image(1)), expected);
    assert.is(model.memory.liveAllocations, live);
  };
  await wrong('ERR_DTYPE', Tensor.from(new Int8Array(SAMPLE), [1, 3, 6, 6]), /image.*f32.*i8/);
  await wrong('ERR_DTYPE', new Uint8Array(SAMPLE), /image.*Uint8Array/);
  await wrong('ERR_SHAPE', Tensor.from(new Float32Array(SAMPLE), [1, 6, 6, 3]), /\[N, 3, 6, 6\].*\[1, 6, 6, 3\]/);
  await wrong('ERR_SHAPE', Tensor.from(new Float32Array(SAMPLE), [3, 6, 6]), /\[3, 6, 6\]/);
  await wrong('ERR_SHAPE', Tensor.from(new Float32Array(0), [0, 3, 6, 6]), /\[0, 3, 6, 6\]/);
  await wrong('ERR_SHAPE', new Float32Array(SAMPLE - 1), /108 floats.*107/);
  await wrong('ERR_SHAPE', new Float32Array(2 * SAMPLE), /108 floats.*216/);
  const nan = floats(1, SAMPLE);
  nan[17] = NaN;
  await wrong('ERR_NAN', nan, /image\[17\].*NaN/);
  nan[17] = -Infinity;
  await wrong('ERR_NAN', Tensor.from(nan, [1, 3, 6, 6]), /image\[17\].*-Infinity/);
  const batch = floats(1, 3 * SAMPLE);
  batch[SAMPLE + 17] = Infinity;
  await wrong('ERR_NAN', Tensor.from(batch, [3, 3, 6, 6]), new RegExp(`image\\[${SAMPLE + 17}\\].*Infinity`));
  await wrong('ERR_ARGUMENT', undefined, /undefined/);
  await wrong('ERR_ARGUMENT', null, /null/);
  await wrong('ERR_ARGUMENT', [floats(1, SAMPLE)], /an Array of 1/);
  const disposed = image(2);
  disposed.dispose();
  await wrong('ERR_DISPOSED', disposed, /disposed/);
  model.dispose();
});

test('runAsync gives what run gives, tells every step and lets the host do other things', async () => {
  const model = await small();
  const seen: number[] = [];
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const result = await model.runAsync(image(2, 3), { onProgress: ({ done, total }) => { assert.is(total, 21); seen.push(done); } });
  counting = false;
  assert.equal(seen, Array.from({ length: 21 }, (_, i) => i + 1));
  const expected = model.run(image(2, 3));
  assert.equal(result.toArray(), expected.toArray());
  assert.ok(turns >= 20, `${turns} turns of the event loop`);
  result.dispose();
  expected.dispose();
  model.dispose();
});

test('an abort stops the run before its next step, and the model goes on', async () => {
  const model = await small();
  const live = model.memory.liveAllocations;
  const controller = new AbortController();
  let last = 0;
  const error = await errorOf('ERR_ABORTED', () =>
    model.runAsync(image(1), { signal: controller.signal, onProgress: ({ done }) => { last = done; if (done === 3) controller.abort('enough'); } }));
  assert.is(last, 3);
  assert.is(error.cause, 'enough');
  await errorOf('ERR_ABORTED', () => model.runAsync(image(1), { signal: AbortSignal.abort() }));
  assert.is(model.memory.liveAllocations, live);
  const [first, second] = [await model.runAsync(image(1)), model.run(image(1))];
  assert.equal(first.toArray(), second.toArray());
  first.dispose();
  second.dispose();
  model.dispose();
});

test('what onProgress throws ends the run and nothing else', async () => {
  const model = await small();
  const message = await model.runAsync(image(1), { onProgress: () => { throw new Error('mine'); } }).catch((error: Error) => error.message);
  assert.is(message, 'mine');
  model.run(image(1)).dispose();
  model.dispose();
});

test('asynchronous runs take turns; a synchronous one in between is refused', async () => {
  const model = await small();
  const expected = [1, 2, 3].map((seed) => run(model, image(seed)).scores);
  let refused = 0;
  const onProgress = (): void => {
    assert.throws(() => model.run(image(9)), (error: { code: string }) => error.code === 'ERR_BUSY');
    refused++;
  };
  const results = await Promise.all([1, 2, 3].map((seed) => model.runAsync(image(seed), { onProgress })));
  assert.equal(results.map((tensor) => tensor.toArray()), expected);
  assert.is(refused, 21);
  for (const tensor of results) tensor.dispose();
  model.dispose();
});

test('disposed: memory is given back, everything is refused, results stay', async () => {
  const model = await small();
  assert.ok(model.memory.weightBytes > 0 && model.memory.activationBytes > 0);
  const result = model.run(image(1));
  const copy = result.toArray();
  const pending = model.runAsync(image(1), { onProgress: () => model.dispose() });
  assert.is(await pending.catch((error: { code: string }) => error.code), 'ERR_DISPOSED');
  model.dispose();
  await errorOf('ERR_DISPOSED', () => model.run(image(1)));
  await errorOf('ERR_DISPOSED', () => model.runAsync(image(1)));
  assert.equal(result.toArray(), copy);
  assert.is(model.memory.liveAllocations, 1);
  result.dispose();
  assert.equal(model.memory, { weightBytes: 0, activationBytes: 0, liveBytes: 0, liveAllocations: 0 });
});

test('two models have memories of their own', async () => {
  const [a, b] = [await small(), await small()];
  const before = b.memory;
  const result = a.run(image(1));
  assert.equal(b.memory, before);
  a.dispose();
  assert.equal(run(b, image(1)).scores, result.toArray());
  result.dispose();
  assert.is(a.memory.liveAllocations, 0);
  b.dispose();
});

test('load takes bytes, buffers, paths, URLs and responses', async () => {
  const bytes = encodeDyad(smallNetwork());
  const folder = mkdtempSync(join(tmpdir(), 'dyadic-'));
  const path = join(folder, 'small.dyad');
  writeFileSync(path, bytes);
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/small.dyad' ? 200 : 404;
    response.end(request.url === '/small.dyad' ? bytes : 'nothing here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  setDefaultLoader(moduleBytes, async (file) => new Uint8Array(await (await import('node:fs/promises')).readFile(file)));
  try {
    const sources = [bytes, bytes.slice().buffer, path, pathToFileURL(path), String(pathToFileURL(path)), `${url}/small.dyad`, new URL(`${url}/small.dyad`), new Response(bytes.slice()), decodeDyad(bytes)];
    for (const source of sources) {
      const model = await load(source);
      model.run(image(1)).dispose();
      model.dispose();
    }
    assert.match((await errorOf('ERR_FILE', () => load(`${url}/other.dyad`))).message, /other\.dyad.*404/);
    assert.match((await errorOf('ERR_FILE', () => load(join(folder, 'none.dyad')))).message, /none\.dyad/);
    assert.match((await errorOf('ERR_FILE', () => load('http://127.0.0.1:1/x.dyad'))).message, /127\.0\.0\.1:1/);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test('run gives the first output, whatever the names of the others', async () => {
  for (const names of [['495', '12'], ['z', '0'], ['__proto__', 'a'], ['a', '__proto__']]) {
    const graph = smallNetwork();
    const model = await load({ ...graph, outputs: graph.outputs.map((output, i) => ({ ...output, name: names[i]! })) });
    const result = model.run(image(1));
    assert.equal(result.shape, [1, 5], names.join());
    assert.is(model.memory.liveAllocations, 5, 'the other output is disposed of');
    const all = model.runAll(image(1));
    assert.equal(names.map((name) => all[name]!.shape), [[1, 5], [1, 5, 6, 6]]);
    model.dispose();
  }
});

test('load checks graphs made in memory as it checks files: keys and kinds too', async () => {
  type Loose = Record<string, any>;
  const broken: ((graph: Loose) => void)[] = [
    (graph) => { graph.operations = 5; },
    (graph) => { delete graph.values; },
    (graph) => { delete graph.tensors; },
    (graph) => { graph.tensors = {}; },
    (graph) => { graph.tensors.set('w0', null); },
    (graph) => { graph.operations[0].op = 'nonsense'; },
    (graph) => { graph.operations[0].stride = [1]; },
    (graph) => { graph.operations[0].clamp = ['0', '255']; },
    (graph) => { graph.operations[0].requantization = null; },
    (graph) => { graph.values[0].zeroPoint = 0.5; },
    (graph) => { graph.values[0].dtype = 'f64'; },
    (graph) => { graph.inputs[0].preprocess.fit = 'none'; },
    (graph) => { graph.extra = 1; graph.outputs[0].softmax = undefined; },
  ];
  for (const [index, break_] of broken.entries()) {
    const graph = structuredClone(smallNetwork()) as Loose;
    break_(graph);
    assert.is((await errorOf('ERR_DYAD_INVALID', () => load(graph as never))).code, 'ERR_DYAD_INVALID', String(index));
  }
  for (const source of [{ nodes: [] }, { nodes: 1, inputs: [], outputs: [], constants: new Map(), values: new Map() }]) await errorOf('ERR_ARGUMENT', () => load(source as never));
});

test('a value that no 32-bit memory holds is out of memory, not a defect', async () => {
  const value = (shape: number[]) => ({ name: 'v', dtype: 'u8', shape, scale: 1, zeroPoint: 0, range: [0, 255] }) as const;
  for (const shape of [[1, 1, 2 ** 14, 2 ** 14], [1, 1, 127, 2 ** 24], [1, 5, 2 ** 12, 2 ** 13]]) {
    const values = [value([1, 1, 1, 1]), value(shape)];
    const pad = { op: 'pad', name: 'p', inputs: [0], outputs: [1], before: [0, 0, 0, 0], after: shape.map((size) => size - 1), value: 0 } as const;
    const graph = { name: '', values, inputs: [{ name: 'x', value: 0, preprocess: null }], outputs: [{ name: 'y', value: 0, softmax: null }], tensors: new Map(), operations: [pad] };
    await errorOf('ERR_MEMORY', () => load(encodeDyad(graph)));
  }
});

test('load refuses what is no network', async () => {
  await errorOf('ERR_DYAD_PARSE', () => load(new Uint8Array(3)));
  await errorOf('ERR_DYAD_PARSE', () => load(new TextEncoder().encode('<!doctype html><p>not found</p>')));
  for (const source of [undefined, null, 7, [], {}]) await errorOf('ERR_ARGUMENT', () => load(source as unknown as Uint8Array));
  const graph = smallNetwork();
  await errorOf('ERR_DYAD_INVALID', () => load({ ...graph, operations: graph.operations.slice(0, 2) }));
});

test.run();
