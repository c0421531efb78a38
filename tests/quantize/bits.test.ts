/** Four-bit rules (DESIGN §3.6). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileAssumed, NetworkBuilder, RELU } from './networks.js';

function network(): NetworkBuilder {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 3, 8, 8]);
  const first = net.conv('first', x, 8, { kernel: 3, bounds: RELU });
  const middle = net.conv('middle', first, 8);
  const signed = net.conv('signed', middle, 8, { bounds: RELU });
  const four = net.conv('four', signed, 8, { bounds: RELU });
  net.conv('last', four, 4);
  return net;
}

const summary = (bits: 'w8a8' | 'w4a8' | 'w4a4'): Record<string, string> =>
  Object.fromEntries([...compileAssumed(network().graph(['last.y']), { bits }).bits].map(([name, b]) => [name, `${b.weight}/${b.activation} ${b.kept8Because ?? ''}`.trim()]));

test('w8a8 has 8 bits and no excuses', () => {
  assert.equal(summary('w8a8'), { first: '8/8', middle: '8/8', signed: '8/8', four: '8/8', last: '8/8' });
});

test('w4a8 keeps first and last layer at 8 bits', () => {
  assert.equal(summary('w4a8'), { first: '8/8 first layer', middle: '4/8', signed: '4/8', four: '4/8', last: '8/8 last layer' });
});

test('w4a4 also keeps layers whose input goes below zero', () => {
  assert.equal(summary('w4a4'), { first: '8/8 first layer', middle: '4/4', signed: '8/8 input goes below zero', four: '4/4', last: '8/8 last layer' });
});

test('w4a4 stores int4 weights and u4 activations of scale max/15', () => {
  const { graph } = compileAssumed(network().graph(['last.y']), { bits: 'w4a4' }, { 'first.y': [0, 6] });
  const value = graph.values.find(({ name }) => name === 'first.y')!;
  assert.equal([value.dtype, value.range, value.scale], ['u4', [0, 15], Math.fround(6 / 15)]);
  assert.is(graph.tensors.get('middle.weight')!.dtype, 'i4');
  assert.ok(graph.tensors.get('middle.weight')!.data.every((q) => q >= -7 && q <= 7));
});

test('a multiplier of a 4-bit output is at least 32, of an 8-bit output 256', () => {
  const { graph } = compileAssumed(network().graph(['last.y']), { bits: 'w4a4' });
  assert.ok(Math.min(...graph.tensors.get('first.multiplier')!.data) >= 32);
  assert.ok(Math.min(...graph.tensors.get('four.multiplier')!.data) >= 256);
});

test('a layer on two paths is first or last if it is so on one of them', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 4, 8, 8]);
  const a = net.conv('a', x, 4, { bounds: RELU });
  const both = net.conv('both', net.add('sum', a, x, RELU), 4, { bounds: RELU });
  net.conv('end', both, 4);
  const { bits } = compileAssumed(net.graph(['end.y', 'both.y']), { bits: 'w4a8' });
  assert.is(bits.get('both')!.kept8Because, 'first layer');
  assert.is(bits.get('end')!.kept8Because, 'last layer');
});

test('a batch norm that stands alone is no layer: the convolution behind it is still the first', () => {
  const net = new NetworkBuilder();
  const x = net.input('x', [1, 4, 8, 8]);
  const parameters = (['g', 'b', 'm'] as const).map((name) => net.constant(name, [4]));
  parameters.push(net.constant('v', [4], [1, 2, 3, 4]));
  net.node({ name: 'norm', op: 'BatchNormalization', inputs: [x, ...parameters], outputs: ['norm.y'], attributes: { epsilon: 1e-5 } }, [1, 4, 8, 8]);
  const a = net.conv('a', 'norm.y', 4, { bounds: RELU });
  net.conv('last', net.conv('b', a, 4, { bounds: RELU }), 4);
  const { bits } = compileAssumed(net.graph(['last.y']), { bits: 'w4a4' });
  assert.equal([...bits].map(([name, b]) => [name, b.kept8Because]), [['norm', 'element-wise layer'], ['a', 'first layer'], ['b', null], ['last', 'last layer']]);
});

test.run();
