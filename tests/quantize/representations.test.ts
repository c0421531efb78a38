/** Which codes each value gets, and the operations between them (SPEC 3). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntegerGraph, Operation } from '../../ts/integer/integer-graph.js';
import { tensorSizes } from '../../ts/quantize/report.js';
import { compileAssumed, NetworkBuilder, RELU } from './networks.js';

const value = (graph: IntegerGraph, name: string): IntegerGraph['values'][number] => graph.values.find((candidate) => candidate.name === name) ?? assert.unreachable(`no value ${name}`) as never;
const operation = (graph: IntegerGraph, name: string): Operation => graph.operations.find((candidate) => candidate.name === name) ?? assert.unreachable(`no operation ${name}`) as never;
const typesOf = (graph: IntegerGraph, indices: readonly (number | null)[]): (string | null)[] => indices.map((i) => (i === null ? null : graph.values[i]!.dtype));

function residual(): NetworkBuilder {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const stem = net.conv('stem', x, 16, { kernel: 3, bounds: RELU });
  const a = net.conv('a', stem, 16, { kernel: 3, bounds: RELU });
  const b = net.conv('b', a, 16, { kernel: 3 });
  const sum = net.add('sum', b, stem, RELU);
  net.conv('c', sum, 16);
  net.add('sum2', 'c.y', sum, RELU);
  net.conv('last', 'sum2.y', 4);
  return net;
}

test('residual: carriers into the sums, a code for the convolutions', () => {
  const { graph } = compileAssumed(residual().graph(['last.y']));
  assert.is(value(graph, 'stem.y').dtype, 'i16');
  assert.is(value(graph, 'stem.y.u8').dtype, 'u8');
  assert.is(operation(graph, 'stem.y.to_u8').op, 'requantize');
  assert.is(value(graph, 'a.y').dtype, 'u8');
  assert.is(value(graph, 'b.y').dtype, 'i16');
  assert.equal(typesOf(graph, operation(graph, 'sum').outputs), ['i16', 'u8']);
  assert.equal(typesOf(graph, operation(graph, 'sum2').outputs), [null, 'u8']);
  assert.is(value(graph, 'last.y').dtype, 'i16');
});

test('sums never ask for a ratio above 1 between carriers', () => {
  const { graph } = compileAssumed(residual().graph(['last.y']), {}, { 'stem.y': [0, 9], 'sum.y': [0, 2] });
  const sum = operation(graph, 'sum');
  assert.ok(sum.op === 'add' && sum.requantizations.every(({ form }) => form === 'copy' || form === 'q15'));
  assert.ok(value(graph, 'sum.y').scale >= value(graph, 'stem.y').scale);
});

test('concat: inputs that nobody else reads are written at its scale and copied', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const squeeze = net.conv('squeeze', x, 8, { bounds: RELU });
  const left = net.conv('left', squeeze, 8, { bounds: RELU });
  const right = net.conv('right', squeeze, 8, { kernel: 3, bounds: RELU });
  net.conv('last', net.concat('cat', [left, right, squeeze]), 4);
  const { graph } = compileAssumed(net.graph(['last.y']), {}, { 'left.y': [0, 1], 'right.y': [0, 3], 'squeeze.y': [0, 2], 'cat.y': [0, 3] });
  const cat = operation(graph, 'cat');
  assert.ok(cat.op === 'concat');
  if (cat.op !== 'concat') return;
  assert.equal(cat.requantizations.map(({ form }) => form), ['copy', 'copy', 'q15']);
  assert.is(value(graph, 'left.y').scale, Math.fround(3 / 255));
  assert.is(value(graph, 'squeeze.y').scale, Math.fround(2 / 255));
});

test('concat: an input that is an output of the network too keeps its own scale', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const left = net.conv('left', x, 8, { bounds: RELU });
  net.conv('last', net.concat('cat', [left, net.conv('right', x, 8, { bounds: RELU })]), 4);
  const { graph } = compileAssumed(net.graph(['last.y', left]), {}, { 'left.y': [0, 1], 'right.y': [0, 3], 'cat.y': [0, 3] });
  assert.is(value(graph, 'left.y.u8').scale, Math.fround(1 / 255));
});

test('a sum is unsigned only if both operands are', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const [positive, signed] = [net.conv('positive', x, 8, { bounds: RELU }), net.conv('signed', x, 8)];
  const [mixed, unsigned] = [net.add('mixed', positive, signed), net.add('unsigned', positive, positive)];
  const { graph } = compileAssumed(net.graph([net.conv('a', mixed, 4), net.conv('b', unsigned, 4)]));
  assert.is(value(graph, 'mixed.y').dtype, 'i8');
  assert.is(value(graph, 'unsigned.y').dtype, 'u8');
});

test('a padding value counts for the scale and becomes a code', () => {
  const net = new NetworkBuilder();
  const conv = net.conv('conv', net.input('x', [1, 3, 8, 8]), 8, { bounds: RELU });
  const attributes = { before: [0, 0, 1, 1], after: [0, 0, 1, 1], value: 5 };
  const pad = net.node({ name: 'pad', op: 'Pad', inputs: [conv], outputs: ['pad.y'], attributes }, [1, 8, 10, 10]);
  const { graph } = compileAssumed(net.graph([net.conv('last', pad, 4)]), {}, { 'conv.y': [0, 2] });
  assert.is(value(graph, 'conv.y').scale, Math.fround(5 / 255));
  const padded = operation(graph, 'pad');
  assert.ok(padded.op === 'pad' && padded.value === 255);
});

test('a signed concat makes its own inputs signed', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const cat = net.concat('cat', [net.conv('positive', x, 8, { bounds: RELU }), net.conv('signed', x, 8)]);
  net.conv('last', cat, 4);
  const { graph } = compileAssumed(net.graph(['last.y']));
  assert.is(value(graph, 'positive.y').dtype, 'i8');
  const positive = operation(graph, 'positive');
  assert.ok('clamp' in positive && positive.clamp[0] === 0);
});

test('pools, slices and pads keep type and scale; an average pool has its own', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const conv = net.conv('conv', x, 8, { bounds: RELU });
  const pool = net.maxPool('pool', conv);
  const slice = net.node({ name: 'slice', op: 'Slice', inputs: [pool], outputs: ['slice.y'], attributes: { starts: [0, 0, 0, 0], steps: [1, 1, 2, 2] } }, [1, 8, 2, 2]);
  const pad = net.node({ name: 'pad', op: 'Pad', inputs: [slice], outputs: ['pad.y'], attributes: { before: [0, 4, 0, 0], after: [0, 4, 0, 0], value: 0 } }, [1, 16, 2, 2]);
  const conv2 = net.conv('conv2', pad, 8, { bounds: RELU });
  const average = net.averagePool('average', conv2);
  net.gemm('last', net.reshape('flat', average, [1, 8]), 4);
  const { graph } = compileAssumed(net.graph(['last.y']), {}, { 'conv.y': [0, 4], 'conv2.y': [0, 2], 'average.y': [0, 0.5] });
  for (const name of ['conv.y', 'pool.y', 'slice.y', 'pad.y']) assert.equal([value(graph, name).dtype, value(graph, name).scale], ['u8', Math.fround(4 / 255)]);
  assert.is(value(graph, 'conv2.y').dtype, 'i16');
  assert.equal([value(graph, 'average.y').dtype, value(graph, 'average.y').scale], ['u8', Math.fround(0.5 / 255)]);
  const pooled = operation(graph, 'average');
  assert.ok(pooled.op === 'average_pool' && pooled.divisors.join() === '4' && pooled.requantization.form === 'q15');
});

test('border windows of an average pool have divisors of their own', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 2, 5, 5]);
  const attributes = { kernel: [3, 3], stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1], countIncludePad: false } as const;
  const average = net.node({ name: 'average', op: 'AveragePool', inputs: [x], outputs: ['average.y'], attributes }, [1, 2, 5, 5]);
  net.conv('last', average, 2);
  const { graph } = compileAssumed(net.graph(['last.y']));
  const pooled = operation(graph, 'average');
  assert.ok(pooled.op === 'average_pool' && pooled.divisors.join() === '4,6,9');
  assert.ok(pooled.op === 'average_pool' && pooled.requantization.form !== 'copy' && graph.tensors.get(pooled.requantization.multiplier)!.shape.join() === '3');
});

test('a global pool over any number of carriers stays in q15', () => {
  for (const side of [2, 3, 5, 7, 8, 13]) {
    const net = new NetworkBuilder();
    const conv = net.conv('conv', net.input('x', [1, 3, side, side]), 4, { bounds: RELU });
    const { graph } = compileAssumed(net.graph([net.averagePool('average', conv)]), {}, { 'average.y': [0, 0.7] });
    const pooled = operation(graph, 'average');
    assert.ok(pooled.op === 'average_pool' && pooled.requantization.form === 'q15', `${side}×${side}`);
  }
});

test('a standalone ReLU behind a value that a sum reads too', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const a = net.conv('a', x, 8);
  const b = net.conv('b', net.relu('relu', a), 8);
  net.conv('last', net.add('sum', a, b), 4);
  const { graph } = compileAssumed(net.graph(['last.y']));
  const relu = operation(graph, 'relu');
  assert.ok(relu.op === 'requantize' && relu.clamp.join() === '0,255');
  assert.is(value(graph, 'a.y').dtype, 'i16');
});

test('n8 keeps unsigned codes within 127', () => {
  const { graph } = compileAssumed(residual().graph(['last.y']), { activations: 'n8' });
  const code = value(graph, 'a.y');
  assert.equal([code.dtype, code.range, code.scale], ['u8', [0, 127], Math.fround(1 / 127)]);
});

test('an input that a carrier is made from is copied, scale and all', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 4, 8, 8]);
  net.add('sum', net.conv('a', x, 4), x);
  const { graph } = compileAssumed(net.graph(['sum.y']));
  const copied = operation(graph, 'x.to_i16');
  assert.ok(copied.op === 'requantize' && copied.requantization.form === 'copy');
});

test('pixels decide the input range, and a range from 0 on is unsigned', () => {
  const net = new NetworkBuilder();
  net.conv('last', net.input('x', [1, 3, 8, 8]), 4);
  const preprocess = { size: [8, 8], fit: 'crop', channels: 'rgb', mean: [0, 0, 0], std: [1, 1, 1], labels: null } as const;
  assert.is(value(compileAssumed(net.graph(['last.y']), { preprocess }).graph, 'x').dtype, 'u8');
  assert.is(value(compileAssumed(net.graph(['last.y'])).graph, 'x').dtype, 'i8');
});

test('softmax at the end of an output stays outside', () => {
  const net = new NetworkBuilder();
  const logits = net.gemm('fc', net.input('x', [1, 6]), 3);
  net.node({ name: 'softmax', op: 'Softmax', inputs: [logits], outputs: ['p'], attributes: { axis: -1 } }, [1, 3]);
  const { graph } = compileAssumed(net.graph(['p']));
  assert.equal(graph.outputs, [{ name: 'p', value: graph.values.findIndex(({ name }) => name === 'fc.y'), softmax: 1 }]);
});

test('exact everywhere on request', () => {
  const { graph } = compileAssumed(residual().graph(['last.y']), { requantization: 'exact' });
  for (const op of graph.operations) {
    const forms = 'requantizations' in op ? op.requantizations : 'requantization' in op ? [op.requantization] : [];
    assert.ok(forms.every(({ form }) => form !== 'q15'), op.name);
  }
});

test('carriers: 8191 levels for what was seen, no code below zero behind a ReLU', () => {
  const { graph } = compileAssumed(residual().graph(['last.y']), { requantization: 'exact' }, { 'stem.y': [0, 3] });
  assert.equal([value(graph, 'stem.y').scale, value(graph, 'stem.y').range], [Math.fround(3 / 8191), [0, 32767]]);
  assert.equal([value(graph, 'last.y').scale, value(graph, 'last.y').range], [Math.fround(1 / 8191), [-32767, 32767]]);
});

test('a fused bound becomes the nearest code', () => {
  const net = new NetworkBuilder();
  net.conv('last', net.conv('six', net.input('x', [1, 3, 8, 8]), 8, { bounds: { lo: 0, hi: 6 } }), 4);
  const { graph } = compileAssumed(net.graph(['last.y']), {}, { 'six.y': [0, 7] });
  const six = operation(graph, 'six');
  assert.ok('clamp' in six);
  assert.equal('clamp' in six && six.clamp, [0, 219]); // 6·255/7 = 218.57
});

test('padding just below zero makes its value signed', () => {
  const net = new NetworkBuilder();
  const conv = net.conv('conv', net.input('x', [1, 3, 8, 8]), 8, { bounds: RELU });
  const pad = net.node({ name: 'pad', op: 'Pad', inputs: [conv], outputs: ['pad.y'], attributes: { before: [0, 0, 1, 1], after: [0, 0, 1, 1], value: -0.5 } }, [1, 8, 10, 10]);
  const { graph } = compileAssumed(net.graph([net.conv('last', pad, 4)]));
  assert.is(value(graph, 'pad.y').dtype, 'i8');
});

test('each divisor of an average pool has its own multiplier', () => {
  const net = new NetworkBuilder();
  const attributes = { kernel: [3, 3], stride: [1, 1], pads: [1, 1, 1, 1], dilation: [1, 1], countIncludePad: false } as const;
  const average = net.node({ name: 'average', op: 'AveragePool', inputs: [net.input('x', [1, 2, 5, 5])], outputs: ['average.y'], attributes }, [1, 2, 5, 5]);
  const { graph } = compileAssumed(net.graph([net.conv('last', average, 2)]));
  const pooled = operation(graph, 'average');
  if (pooled.op !== 'average_pool' || pooled.requantization.form === 'copy') return assert.unreachable('a copy');
  const [four, six, nine] = graph.tensors.get(pooled.requantization.multiplier)!.data as Int32Array as unknown as [number, number, number];
  for (const [b, k] of [[six, 6], [nine, 9]] as const) assert.ok(Math.abs((b * k) / (four * 4) - 1) < 1 / 256, `${four}, ${b}`);
});

test('bytes of the report: an odd number of nibbles takes a whole last byte', () => {
  const tensors = new Map([['w', { dtype: 'i4', shape: [3], data: new Int8Array(3) }], ['m', { dtype: 'i32', shape: [1], data: new Int32Array(1) }], ['v', { dtype: 'i8', shape: [5], data: new Int8Array(5) }]] as const);
  assert.equal(tensorSizes({ name: '', values: [], inputs: [], outputs: [], operations: [], tensors }), { weightBytes: 7, tensorBytes: 11 });
});

test.run();
