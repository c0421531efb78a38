/** `quantize` as a whole: calibration on the float Program, comparison on the integer one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { load } from '../../ts/entry/node.js';
import { DyadicError, type ErrorCode } from '../../ts/errors.js';
import type { Graph } from '../../ts/graph/graph.js';
import { encodeDyad } from '../../ts/integer/dyad.js';
import type { QuantizeOptions } from '../../ts/quantize/options.js';
import { quantize } from '../../ts/quantize/quantize.js';
import { NetworkBuilder, noise, RELU } from './networks.js';

/** Stem, residual block, concat, pools and a dense end: every way a scale can be chosen. */
function network(): Graph {
  const net = new NetworkBuilder(11);
  const x = net.input('x', [1, 3, 8, 8]);
  const stem = net.conv('stem', x, 16, { kernel: 3, bounds: RELU });
  const block = net.conv('block2', net.conv('block1', stem, 16, { kernel: 3, bounds: RELU }), 16, { kernel: 3 });
  const sum = net.add('sum', block, stem, RELU);
  const squeeze = net.conv('squeeze', net.maxPool('pool', sum), 8, { bounds: RELU });
  const cat = net.concat('cat', [net.conv('left', squeeze, 8, { bounds: RELU }), net.conv('right', squeeze, 8, { kernel: 3, bounds: RELU })]);
  net.gemm('fc', net.reshape('flat', net.averagePool('average', cat), [1, 16]), 10);
  return net.graph(['fc.y']);
}

function samples(count: number, length = 192): Float32Array[] {
  const random = noise(5);
  return Array.from({ length: count }, () => Float32Array.from({ length }, random));
}

async function refused(code: ErrorCode, text: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof DyadicError, String(error));
    assert.is((error as DyadicError).code, code);
    assert.ok((error as DyadicError).message.includes(text), (error as DyadicError).message);
    return;
  }
  assert.unreachable('accepted');
}

test('w8a8 follows float closely, in q15 and in exact form', async () => {
  for (const requantization of ['auto', 'exact'] as const) {
    const { graph, report } = await quantize(network(), samples(12), { requantization });
    assert.ok(report.outputDb > 30, `${requantization}: ${report.outputDb} dB`);
    assert.is(report.agreement, 1);
    assert.equal(report.warnings, []);
    assert.equal(report.carrierSaturations, []);
    const forms = new Set(report.layers.map((layer) => layer.requantization));
    assert.is(forms.has(requantization === 'auto' ? 'exact' : 'q15'), false);
    assert.is(graph.outputs[0]!.name, 'fc.y');
  }
});

test('every mode and method runs, fewer bits cost accuracy and bytes', async () => {
  const results = [];
  for (const bits of ['w8a8', 'w4a8', 'w4a4'] as const) results.push((await quantize(network(), samples(12), { bits })).report);
  const [w8a8, w4a8, w4a4] = results as [typeof results[0], typeof results[0], typeof results[0]];
  assert.ok(w8a8.outputDb > w4a8.outputDb && w4a8.outputDb > w4a4.outputDb);
  assert.ok(w4a8.weightBytes < 0.7 * w8a8.weightBytes);
  for (const calibrate of ['percentile', 'mse'] as const) {
    const { report } = await quantize(network(), samples(12), { calibrate, activations: 'n8', biasCorrection: true });
    assert.ok(report.outputDb > 20, `${calibrate}: ${report.outputDb}`);
  }
});

test('the report names what stayed at 8 bits and is sorted', async () => {
  const { report } = await quantize(network(), samples(4), { bits: 'w4a4' });
  const reasons = Object.fromEntries(report.layers.filter((layer) => layer.kept8Because !== null).map((layer) => [layer.name, layer.kept8Because]));
  assert.equal(reasons, { stem: 'first layer', fc: 'last layer' });
  const noiseOf = report.layers.map((layer) => layer.sqnrDb ?? Infinity);
  assert.equal(noiseOf, [...noiseOf].sort((a, b) => a - b));
  assert.is(report.layers.find((layer) => layer.name === 'block1')!.weightBits, 4);
  assert.is(report.calibrationSamples, 4);
});

test('the same bytes twice and in both flavours', async () => {
  const options: QuantizeOptions[] = [{}, { bits: 'w4a4', calibrate: 'mse', biasCorrection: true }, { bits: 'w4a8', calibrate: 'percentile', percentile: 99.9 }];
  for (const option of options) {
    const [first, again, scalar] = [
      encodeDyad((await quantize(network(), samples(6), option)).graph),
      encodeDyad((await quantize(network(), samples(6), option)).graph),
      encodeDyad((await quantize(network(), samples(6), { ...option, engine: { flavour: 'scalar' } })).graph),
    ];
    assert.equal(again, first);
    assert.equal(scalar, first);
  }
});

test('bias correction brings the mean of the output nearer', async () => {
  const plain = (await quantize(network(), samples(12), { bits: 'w4a8' })).report;
  const corrected = (await quantize(network(), samples(12), { bits: 'w4a8', biasCorrection: true })).report;
  assert.ok(corrected.outputDb > plain.outputDb, `${corrected.outputDb} and ${plain.outputDb}`);
});

test('samples by name, from an async generator that reuses its buffer', async () => {
  const buffer = new Float32Array(192);
  async function* generate(): AsyncGenerator<ReadonlyMap<string, Float32Array>> {
    for (const sample of samples(5)) {
      buffer.set(sample);
      yield new Map([['x', buffer]]);
    }
  }
  const streamed = encodeDyad((await quantize(network(), generate())).graph);
  assert.equal(streamed, encodeDyad((await quantize(network(), samples(5))).graph));
});

test('progress counts both passes and the comparison', async () => {
  const seen: string[] = [];
  await quantize(network(), samples(2), { calibrate: 'mse', onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`) });
  assert.equal(seen, ['ranges 1/2', 'ranges 2/2', 'histograms 1/2', 'histograms 2/2', 'compare 1/2', 'compare 2/2']);
});

test('bad calibration data and options', async () => {
  await refused('ERR_CALIBRATION', 'at least one sample', () => quantize(network(), []));
  await refused('ERR_SHAPE', 'sample 1', () => quantize(network(), [samples(1)[0]!, new Float32Array(5)]));
  const poisoned = samples(3);
  poisoned[2]![17] = NaN;
  await refused('ERR_NAN', 'calibration sample 2, input x" expected finite numbers, got NaN at index 17', () => quantize(network(), poisoned));
  poisoned[2]![17] = Infinity;
  await refused('ERR_NAN', 'Infinity at index 17', () => quantize(network(), poisoned));
  await refused('ERR_CALIBRATION', 'Float32Array', () => quantize(network(), [new Map([['y', new Float32Array(192)]])]));
  await refused('ERR_ARGUMENT', 'bits', () => quantize(network(), samples(1), { bits: 'w2a2' as 'w8a8' }));
  await refused('ERR_ARGUMENT', 'percentile', () => quantize(network(), samples(1), { percentile: 0 }));
});

test('what is no graph, no data and no preprocess block', async () => {
  type Junk = never;
  const fine = network();
  for (const graph of [null, 5, {}, { ...fine, nodes: [null] }, { ...fine, nodes: [{ op: 'Nope' }] }, { ...fine, outputs: [5] }, { ...fine, values: {} }]) await refused('ERR_ARGUMENT', 'Graph', () => quantize(graph as Junk, samples(1)));
  for (const data of [null, 5, {}]) await refused('ERR_ARGUMENT', 'calibration', () => quantize(fine, data as Junk));
  for (const sample of [null, 5, [1, 2], new Float64Array(192)]) await refused('ERR_CALIBRATION', 'sample 0', () => quantize(fine, [sample] as Junk));
  const preprocess = { size: [8, 8], fit: 'crop', channels: 'rgb', mean: [0, 0, 0], std: [1, 1, 1], labels: null };
  for (const [key, value] of [['size', 8], ['fit', 'none'], ['channels', null], ['mean', 0.5], ['std', ['1', '1', '1']], ['labels', [1]]] as const) {
    await refused('ERR_ARGUMENT', `preprocess.${key}`, () => quantize(fine, samples(1), { preprocess: { ...preprocess, [key]: value } as Junk }));
  }
  await refused('ERR_ARGUMENT', 'bits', () => quantize(fine, samples(1), { bits: Object.create(null) as Junk }));
});

test('bounds below zero behind values that are not', async () => {
  for (const max of [-2, 0, 3]) {
    const net = new NetworkBuilder(3);
    const relu = net.relu('r', net.input('x', [1, 12]));
    net.node({ name: 'c', op: 'Clip', inputs: [relu], outputs: ['c.y'], attributes: { min: -5, max } }, [1, 12]);
    net.add('a', relu, relu, { lo: -5, hi: max });
    const { graph } = await quantize(net.graph(['c.y', 'a.y']), samples(4, 12));
    using model = await load(graph);
    const results = model.runAll(Float32Array.from({ length: 12 }, (_, i) => i - 5));
    for (const [name, factor] of [['c.y', 1], ['a.y', 2]] as const) {
      const expected = Array.from({ length: 12 }, (_, i) => Math.min(max, factor * Math.min(1, Math.max(0, i - 5))));
      // Calibration saw numbers up to 1: what is larger saturates in the input's codes.
      results[name]!.toArray().forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) < 0.1, `${name}, max ${max}: ${x}, expected ${expected[i]}`));
    }
  }
});

test('an abort stops it, and the next call works', async () => {
  const controller = new AbortController();
  await refused('ERR_ABORTED', 'quantize', () => quantize(network(), samples(4), { signal: controller.signal, onProgress: () => controller.abort() }));
  await quantize(network(), samples(1));
});

test('a preprocess block has to fit the input', async () => {
  const preprocess = { size: [8, 8], fit: 'crop', channels: 'rgb', mean: [0, 0, 0], std: [1, 1, 1], labels: null } as const;
  const { graph } = await quantize(network(), samples(2), { preprocess });
  assert.equal(graph.inputs[0]!.preprocess, preprocess);
  assert.is(graph.values[graph.inputs[0]!.value]!.dtype, 'u8');
  await refused('ERR_SHAPE', '[1, 3, 4, 4]', () => quantize(network(), samples(1), { preprocess: { ...preprocess, size: [4, 4] } }));
  await refused('ERR_ARGUMENT', 'std', () => quantize(network(), samples(1), { preprocess: { ...preprocess, std: [1, 0, 1] } }));
});

test('a network without any image', async () => {
  const net = new NetworkBuilder(3);
  net.gemm('b', net.relu('r', net.gemm('a', net.input('x', [1, 12]), 20)), 5);
  const { report } = await quantize(net.graph(['b.y']), samples(10, 12));
  assert.ok(report.outputDb > 28, `${report.outputDb}`);
});

test('a constant network: zero on every sample', async () => {
  const net = new NetworkBuilder(3);
  const dead = net.conv('dead', net.input('x', [1, 3, 8, 8]), 4, { bounds: RELU, bias: [-100, -100, -100, -100] });
  net.conv('last', dead, 2);
  const { report } = await quantize(net.graph(['last.y']), samples(3));
  assert.ok(report.outputDb > 28, `${report.outputDb}`);
});

test('low agreement is a warning', async () => {
  const net = new NetworkBuilder(9);
  let x = net.input('x', [1, 3, 8, 8]);
  for (let i = 0; i < 10; i++) x = net.conv(`c${i}`, x, 8, { kernel: 3, bounds: RELU });
  net.gemm('fc', net.reshape('flat', net.averagePool('average', x), [1, 8]), 200);
  const { report } = await quantize(net.graph(['fc.y']), samples(20), { bits: 'w4a4' });
  assert.ok(report.agreement < 0.8, `${report.agreement}`);
  assert.is(report.warnings.length, 1);
  assert.ok(report.warnings[0]!.includes(`${(report.agreement * 100).toFixed(1)} %`));
});

test('of a picture the largest element says nothing: no warning', async () => {
  const net = new NetworkBuilder(9);
  let x = net.input('x', [1, 3, 8, 8]);
  for (let i = 0; i < 10; i++) x = net.conv(`c${i}`, x, 8, { kernel: 3, bounds: RELU });
  const { report } = await quantize(net.graph([net.conv('picture', x, 8)]), samples(20), { bits: 'w4a4' });
  assert.ok(report.agreement < 0.8, `${report.agreement}`);
  assert.equal(report.warnings, []);
});

test('a fixed batch is refused before anything is calibrated, with a way out', async () => {
  const info = { dtype: 'f32', shape: [4, 3] } as const;
  const graph: Graph = {
    name: 'four', inputs: ['x'], outputs: ['y'], constants: new Map(), values: new Map([['x', info], ['y', info]]),
    nodes: [{ op: 'Relu', name: 'relu', inputs: ['x'], outputs: ['y'], attributes: {} }],
  };
  await refused('ERR_SHAPE', 'shapes: { "x": [1, …] }', () => quantize(graph, [], {}));
});

test.run();
