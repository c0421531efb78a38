/** Every rule of SPEC 1, 2, 3 and 6, broken once. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError, type ErrorCode } from '../../ts/errors.js';
import { decodeDyad } from '../../ts/integer/dyad.js';
import type { StoredTensor } from '../../ts/integer/safetensors.js';
import { fileOf, fileParts } from './sample.js';

// Loose on purpose: what is broken here has no type.
type Json = any;
type Break = (graph: Json, tensors: Map<string, StoredTensor>) => void;
type Rule = readonly [title: string, change: Break, message: RegExp, code?: ErrorCode];

const [conv, group, add, max, average, requantize, slice, concat, pad, transpose, reshape, dense] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const op = (index: number, change: (operation: Json) => void): Break => (graph) => change(graph.operations[index]);
const value = (index: number, change: (value: Json) => void): Break => (graph) => change(graph.values[index]);
const preprocess = (change: (preprocess: Json) => void): Break => (graph) => change(graph.inputs[0].preprocess);

function i32(...elements: number[]): StoredTensor {
  return { dtype: 'I32', shape: [elements.length], bytes: new Uint8Array(Int32Array.from(elements).buffer) };
}

/** Replaces an i32 vector, in the graph too. */
const vector = (name: string, ...elements: number[]): Break => (graph, tensors) => {
  tensors.set(name, i32(...elements));
  graph.tensors[name].shape = [elements.length];
};

const both = (...changes: Break[]): Break => (graph, tensors) => changes.forEach((change) => change(graph, tensors));

const structure: readonly Rule[] = [
  ['an unknown key', (graph) => (graph.more = 1), /"more"/],
  ['a missing key', (graph) => delete graph.spec, /spec/],
  ['an unknown spec', (graph) => (graph.spec = '2'), /spec/],
  ['an earlier version', (graph) => (graph.version = 0), /version/],
  ['a name that is no string', (graph) => (graph.name = 1), /name/],
  ['an unknown key of a value', value(0, (v) => (v.more = 1)), /"more"/],
  ['a missing key of an operation', op(conv, (o) => delete o.groups), /groups/],
  ['an unknown key of an operation', op(reshape, (o) => (o.shape = [1])), /"shape"/],
  ['an unknown operation', op(reshape, (o) => (o.op = 'softmax')), /"softmax"/],
  ['an operation named like a property of objects', op(reshape, (o) => (o.op = 'constructor')), /"constructor"/],
  ['an operation that is null', (graph) => (graph.operations[0] = null), /operations\[0\]/],
  ['an unknown type of a value', value(0, (v) => (v.dtype = 'u16')), /dtype/],
  ['an unknown type of a tensor', (graph) => (graph.tensors.one.dtype = 'f32'), /dtype/],
  ['a fraction', op(conv, (o) => (o.groups = 1.5)), /integer/],
  ['a number as text', op(conv, (o) => (o.groups = '1')), /integer/],
  ['a pair of three', op(conv, (o) => (o.stride = [1, 1, 1])), /array of 2/],
  ['pads of two', op(conv, (o) => (o.pads = [1, 1])), /array of 4/],
  ['two inputs of one', op(conv, (o) => (o.inputs = [0, 0])), /inputs/],
  ['a flag as number', op(average, (o) => (o.countIncludePad = 0)), /countIncludePad/],
  ['an unknown requantization', op(conv, (o) => (o.requantization.form = 'float')), /form/],
  ['a multiplier in a copy', op(concat, (o) => (o.requantizations[0].multiplier = 'one')), /"multiplier"/],
  ['values that are no array', (graph) => (graph.values = {}), /values/],
];

const values: readonly Rule[] = [
  ['rank 0', value(0, (v) => (v.shape = [])), /rank/],
  ['rank 7', value(0, (v) => (v.shape = [1, 1, 1, 1, 1, 1, 1])), /rank/],
  ['an empty axis', value(0, (v) => (v.shape[2] = 0)), /dimensions/],
  ['an axis beyond 2^24', value(0, (v) => (v.shape[2] = 2 ** 24 + 1)), /dimensions/],
  ['too many elements', value(0, (v) => (v.shape = [1, 2 ** 16, 2 ** 15, 1])), /elements/],
  ['a scale of 0', value(0, (v) => (v.scale = 0)), /scale/],
  ['a negative scale', value(0, (v) => (v.scale = -1)), /scale/],
  ['a scale that is no f32', value(0, (v) => (v.scale = 0.1)), /f32/],
  ['a zero point outside the type', value(0, (v) => (v.zeroPoint = 256)), /zeroPoint/],
  ['a range outside the type', value(0, (v) => (v.range = [-1, 255])), /range/],
  ['a range the wrong way round', value(0, (v) => (v.range = [9, 8])), /range/],
  ['an i16 code of −32768', value(3, (v) => (v.range = [-32768, 32767])), /range/],
  ['no input', (graph) => (graph.inputs = []), /at least one input/],
  ['no output', (graph) => (graph.outputs = []), /at least one output/],
  ['an input that does not exist', (graph) => (graph.inputs[0].value = 99), /a value from 0/],
  ['a value made by an input and an operation', (graph) => (graph.inputs[0].value = 1), /batch|exactly once|shape|before/],
  ['two inputs of one name', (graph) => graph.inputs.push(structuredClone(graph.inputs[0])), /no other input/],
  ['two inputs of one value', (graph) => graph.inputs.push({ ...structuredClone(graph.inputs[0]), name: 'again' }), /exactly once/],
  ['two outputs of one name', (graph) => (graph.outputs[1].name = 'logits'), /no other output/],
  ['an output that does not exist', (graph) => (graph.outputs[1].value = -1), /a value from 0/],
  ['a softmax beyond the rank', (graph) => (graph.outputs[0].softmax = 2), /softmax/],
  ['a softmax before the first axis', (graph) => (graph.outputs[0].softmax = -1), /softmax/],
  ['a value nobody makes', (graph) => graph.values.push({ ...graph.values[0], name: 'lost' }), /makes it/],
  ['a value read before it is made', (graph) => graph.operations.reverse(), /before they are read/],
  ['a value made twice', (graph) => graph.operations.push({ ...graph.operations[reshape] }), /exactly once/],
  ['an operation that reads its own output', op(requantize, (o) => (o.inputs = [7])), /before they are read/],
  ['an output of an operation that does not exist', op(requantize, (o) => (o.outputs = [99])), /a value from 0/],
  ['an input with a batch', value(0, (v) => (v.shape[0] = 2)), /batch axis/],
];

const preprocessing: readonly Rule[] = [
  ['another size', preprocess((p) => (p.size = [6, 7])), /preprocess/],
  ['gray for three channels', preprocess((p) => (p.channels = 'gray')), /preprocess/],
  ['an unknown fit', preprocess((p) => (p.fit = 'pad')), /fit/],
  ['an unknown order', preprocess((p) => (p.channels = 'yuv')), /channels/],
  ['too few means', preprocess((p) => (p.mean = [0, 0])), /mean/],
  ['too many deviations', preprocess((p) => (p.std = [1, 1, 1, 1])), /std/],
  ['a deviation of 0', preprocess((p) => (p.std[1] = 0)), /std/],
  ['a deviation without reciprocal', preprocess((p) => (p.std[1] = Math.fround(1e-40))), /std/],
  ['a mean that is no f32', preprocess((p) => (p.mean[1] = 0.1)), /f32/],
  ['labels that are no text', preprocess((p) => (p.labels = [1])), /labels/],
  ['labels that are half a character', preprocess((p) => (p.labels = ['\ud83d'])), /Unicode/],
];

const tensors: readonly Rule[] = [
  ['an entry that is missing in the file', (_, t) => t.delete('one'), /"one"/],
  ['an entry that is missing in the graph', (graph) => delete graph.tensors['c.bias'], /c\.bias/],
  ['a tensor nobody uses', both((graph) => (graph.tensors.unused = { dtype: 'i32', shape: [1] }), (_, t) => t.set('unused', i32(1))), /uses it/],
  ['a tensor that does not exist', op(conv, (o) => (o.weight = 'none')), /weight/],
  ['a shape other than the file', (graph) => (graph.tensors['c.bias'].shape = [2, 2]), /I32/],
  ['i8 stored as bytes without sign', (_, t) => t.set('c.weight', { ...t.get('c.weight')!, dtype: 'U8' }), /I8/],
  ['i4 of a count that its bytes do not have', (graph) => (graph.tensors['d.weight'].shape = [4, 2, 3, 4]), /U8/],
  ['i8 weights of −128', (_, t) => t.set('c.weight', { ...t.get('c.weight')!, bytes: t.get('c.weight')!.bytes.slice().fill(0x80, 5, 6) }), /−?-127/],
  ['i4 weights of −8', (_, t) => t.set('d.weight', { ...t.get('d.weight')!, bytes: t.get('d.weight')!.bytes.slice().fill(0x80, 5, 6) }), /-7/],
  ['weights of i32', op(dense, (o) => (o.weight = 'one')), /weight/],
  ['bias of i8', op(conv, (o) => (o.bias = 'c.weight')), /bias/],
  ['a bias of another length', vector('c.bias', 1, 2, 3), /bias/],
  ['a tensor without axes', (graph) => (graph.tensors.one.shape = []), /rank/],
];

const requantization: readonly Rule[] = [
  ['a q15 shift of 23', op(conv, (o) => (o.requantization.shift = 23)), /shift/],
  ['a q15 shift of −16', op(conv, (o) => (o.requantization.shift = -16)), /shift/],
  ['a q15 multiplier of 0', vector('c.multiplier', 1, 2, 3, 0), /multiplier/],
  ['a q15 multiplier of 32768', vector('c.multiplier', 1, 2, 3, 32768), /multiplier/],
  ['two multipliers for four channels', vector('c.multiplier', 1, 2), /multiplier/],
  ['an exact left shift of 25', op(group, (o) => (o.requantization.left = 25)), /left/],
  ['a negative exact left shift', op(group, (o) => (o.requantization.left = -1)), /left/],
  ['an exact shift of 32', op(group, (o) => (o.requantization.shift = 32)), /shift/],
  ['an exact shift of 63', op(group, (o) => (o.requantization.shift = 63)), /shift/],
  ['a negative exact multiplier', vector('exact', -1), /multiplier/],
  ['two multipliers for an add', op(add, (o) => (o.requantizations[0].multiplier = 'c.multiplier')), /multiplier/],
  ['one multiplier for three divisors', op(average, (o) => (o.requantization.multiplier = 'exact')), /multiplier/],
  ['a clamp outside the range', op(conv, (o) => (o.clamp = [0, 128])), /clamp/],
  ['a clamp the wrong way round', op(conv, (o) => (o.clamp = [5, 4])), /clamp/],
];

const layers: readonly Rule[] = [
  ['conv2d of a carrier', op(group, (o) => (o.inputs = [0])), /groups|weight/],
  ['conv2d of a carrier of i16', both(value(0, (v) => (v.dtype = 'i16')), (graph) => (graph.inputs[0].preprocess = null)), /dtype/],
  ['conv2d with a stride of 0', op(conv, (o) => (o.stride = [0, 1])), /stride/],
  ['conv2d with a dilation of 0', op(conv, (o) => (o.dilation = [1, 0])), /dilation/],
  ['conv2d with negative padding', op(conv, (o) => (o.pads = [1, 1, 1, -1])), /pads/],
  ['conv2d with huge padding', op(conv, (o) => (o.pads = [1, 1, 1, 2 ** 52])), /pads/],
  ['conv2d with groups of 0', op(conv, (o) => (o.groups = 0)), /groups/],
  ['conv2d with groups that do not divide', op(group, (o) => (o.groups = 3)), /groups/],
  ['conv2d with groups that do not fit the weight', op(group, (o) => (o.groups = 4)), /weight/],
  ['conv2d of another size', op(conv, (o) => (o.pads = [1, 1, 1, 0])), /shape of "c"/],
  ['conv2d that does not fit', op(conv, (o) => ((o.pads = [0, 0, 0, 0]), (o.dilation = [3, 3]))), /fits/],
  ['conv2d of a flat value', op(conv, (o) => ((o.inputs = [0]), (o.weight = 'logits.weight'))), /weight/],
  ['dense of another length', op(dense, (o) => (o.inputs = [11])), /weight/],
  ['dense of another output', value(13, (v) => (v.shape = [1, 6])), /shape of "logits"/],
  ['dense with a weight of rank 4', op(dense, (o) => (o.weight = 'd.weight')), /weight/],
  ['add of two shapes', op(add, (o) => (o.inputs = [1, 0])), /shape of "x"/],
  ['add without output', op(add, (o) => (o.outputs = [null, null])), /carrier/],
  ['add with a code but no requantization', op(add, (o) => (o.codeRequantization = null)), /codeRequantization/],
  ['add with a code but no clamp', op(add, (o) => (o.codeClamp = null)), /codeClamp/],
  ['add with a requantization but no code', op(add, (o) => (o.outputs = [3, null])), /codeRequantization/],
  ['add with a carrier of 8 bits', op(add, (o) => (o.outputs = [4, 3])), /dtype of "code"/],
  ['add with a zero point in the carrier', value(3, (v) => (v.zeroPoint = 1)), /zeroPoint/],
  ['add with a negative zero point in the carrier', value(3, (v) => (v.zeroPoint = -1)), /zeroPoint/],
  ['padding outside the range of the value', both(op(concat, (o) => (o.clamp = [7, 255])), value(9, (v) => (v.range = [7, 255])), value(10, (v) => (v.range = [7, 255])), value(11, (v) => (v.range = [7, 255])), value(12, (v) => (v.range = [7, 255])), op(pad, (o) => (o.value = 6))), /value.*\[7, 255\]/],
  ['add with a clamp of −32768', op(add, (o) => (o.clamp = [-32768, 0])), /clamp/],
  ['add with a code clamp outside the range', op(add, (o) => (o.codeClamp = [0, 256])), /codeClamp/],
  ['requantize of another shape', value(7, (v) => (v.shape = [1, 4, 6, 5])), /shape of "narrow"/],
];

const pools: readonly Rule[] = [
  ['a kernel of 0', op(max, (o) => (o.kernel = [0, 2])), /kernel/],
  ['a stride of 0', op(max, (o) => (o.stride = [2, 0])), /stride/],
  ['a size that is too large', op(max, (o) => (o.outputSize = [4, 3])), /outputSize/],
  ['a size that is too small', op(average, (o) => (o.outputSize = [2, 3])), /outputSize/],
  ['a size other than the value', value(5, (v) => (v.shape = [1, 4, 3, 4])), /shape of "max"/],
  ['max_pool to another scale', value(5, (v) => (v.scale = 1)), /scale/],
  ['max_pool to another zero point', value(5, (v) => (v.zeroPoint = 8)), /zeroPoint/],
  ['max_pool to another type', both(value(5, (v) => ((v.dtype = 'i8'), (v.range = [7, 100]))), op(max, (o) => (o.clamp = [7, 100]))), /dtype/],
  ['max_pool with a window in the padding', op(max, (o) => ((o.pads = [2, 0, 0, 0]), (o.kernel = [2, 2]), (o.outputSize = [4, 3]))), /shape|hold/],
  ['max_pool with windows that jump over the input', op(max, (o) => ((o.dilation = [9, 1]), (o.pads = [2, 0, 6, 0]), (o.kernel = [2, 2]))), /hold an element/],
  ['divisors that do not occur', op(average, (o) => (o.divisors = [4, 6, 8])), /divisors/],
  ['divisors in another order', op(average, (o) => (o.divisors = [9, 6, 4])), /divisors/],
  ['divisors twice', op(average, (o) => (o.divisors = [4, 6, 9, 9])), /divisors/],
  ['too few divisors', op(average, (o) => (o.divisors = [4])), /divisors/],
  ['padding that counts', op(average, (o) => (o.countIncludePad = true)), /divisors/],
];

const movement: readonly Rule[] = [
  ['concat of nothing', op(concat, (o) => ((o.inputs = []), (o.requantizations = []))), /inputs/],
  ['concat along another axis', op(concat, (o) => (o.axis = 2)), /shape/],
  ['concat beyond the rank', op(concat, (o) => (o.axis = 4)), /axis/],
  ['concat with too few requantizations', op(concat, (o) => o.requantizations.pop()), /requantizations/],
  ['slice with too few starts', op(slice, (o) => o.starts.pop()), /starts/],
  ['slice with a step of 0', op(slice, (o) => (o.steps[0] = 0)), /steps/],
  ['slice that starts outside', op(slice, (o) => (o.starts[2] = 6)), /axis 2/],
  ['slice that ends outside', op(slice, (o) => (o.steps[2] = -3)), /axis 2/],
  ['slice of another rank', value(8, (v) => (v.shape = [1, 4, 9])), /shape of "slice"/],
  ['slice to another range', value(8, (v) => (v.range = [-128, 126])), /range/],
  ['pad with too few sizes', op(pad, (o) => o.before.pop()), /before/],
  ['pad of less than nothing', op(pad, (o) => ((o.before[2] = 2), (o.after[2] = -1))), /after/],
  ['pad of another size', op(pad, (o) => (o.after[3] = 1)), /shape of "pad"/],
  ['pad with a code outside the range', op(pad, (o) => (o.value = 256)), /value/],
  ['transpose of an axis twice', op(transpose, (o) => (o.perm = [0, 2, 2, 1])), /perm/],
  ['transpose of an axis that does not exist', op(transpose, (o) => (o.perm = [0, 2, 4, 1])), /perm/],
  ['transpose with too few axes', op(transpose, (o) => o.perm.pop()), /perm/],
  ['transpose of another order', op(transpose, (o) => (o.perm = [0, 3, 2, 1])), /shape of "transpose"/],
  ['reshape to another count', value(12, (v) => (v.shape = [1, 145])), /144 elements/],
  ['reshape to another scale', value(12, (v) => (v.scale = 1)), /scale/],
];

// c: 27 weights on codes 0..255 with zero point 3; the largest sum of a channel is far below 2^31, so that the bias decides.
const accumulators: readonly Rule[] = [
  ['a bias at the end of i32', vector('c.bias', 0, 0, 2 ** 31 - 1, 0), /channel 2/, 'ERR_ACCUMULATOR'],
  ['a bias of −2^31', vector('c.bias', 0, -(2 ** 31), 0, 0), /channel 1/, 'ERR_ACCUMULATOR'],
  ['an exact left shift that leaves 31 bits', op(group, (o) => (o.requantization.left = 24)), /channel 0/, 'ERR_ACCUMULATOR'],
  ['a code shifted out of an add', op(add, (o) => (o.requantizations[1].left = 24)), /below 128/, 'ERR_ACCUMULATOR'],
  ['a code of −128 shifted to the end of 31 bits', both(value(2, (v) => (v.zeroPoint = 0)), op(requantize, (o) => ((o.inputs = [2]), (o.requantization = { form: 'exact', left: 24, shift: 40, multiplier: 'exact' })))), /below 128.*up to 128/, 'ERR_ACCUMULATOR'],
  ['a carrier shifted out', op(add, (o) => (o.codeRequantization = { form: 'exact', left: 17, shift: 40, multiplier: 'exact' })), /below 16384/, 'ERR_ACCUMULATOR'],
  ['a pool shifted out', op(average, (o) => (o.requantization.left = 20)), /channel 0/, 'ERR_ACCUMULATOR'],
];

for (const [name, rules] of Object.entries({ structure, values, preprocessing, tensors, requantization, layers, pools, movement, accumulators })) {
  for (const [title, change, message, code = 'ERR_DYAD_INVALID'] of rules) {
    test(`${name}: ${title}`, () => {
      const parts = fileParts();
      change(parts.json, parts.tensors);
      try {
        decodeDyad(fileOf(parts));
      } catch (error) {
        if (!(error instanceof DyadicError)) throw error;
        assert.is(error.code, code, error.message);
        assert.match(error.message, message);
        return;
      }
      assert.unreachable('the broken network was accepted');
    });
  }
}

const allowed: readonly (readonly [string, Break])[] = [
  ['q15 shifts at both ends', both(op(conv, (o) => (o.requantization.shift = 22)), op(requantize, (o) => (o.requantization.shift = -15)))],
  ['exact at both ends', both(op(group, (o) => (o.requantization = { form: 'exact', left: 0, shift: 62, multiplier: 'exact' })), vector('exact', 0))],
  ['one multiplier for all channels', vector('c.multiplier', 1)],
  ['ceil mode', both(op(max, (o) => ((o.kernel = [3, 3]), (o.outputSize = [3, 3]))))],
  ['a carrier alone', both(op(add, (o) => ((o.outputs = [3, null]), (o.codeRequantization = null), (o.codeClamp = null))), op(max, (o) => (o.inputs = [3])), (graph) => ((graph.operations.length = 3), (graph.values.length = 4), (graph.outputs = [{ name: 'sum', value: 3, softmax: null }])), (graph, t) => ['divisors', 'logits.weight'].forEach((name) => (delete graph.tensors[name], t.delete(name))))],
];

for (const [title, change] of allowed) {
  test(`allowed: ${title}`, () => {
    const parts = fileParts();
    change(parts.json, parts.tensors);
    assert.is(decodeDyad(fileOf(parts)).name, parts.json.name);
  });
}

test('the accumulator clause ends exactly where SPEC 2.4 says', () => {
  // The largest sum of channel 0, from the weights as the file has them.
  const largest = (weights: Int8Array): number => {
    let [positive, negative] = [0, 0];
    for (const weight of weights) weight > 0 ? (positive += weight) : (negative += weight);
    const centred = Math.max(positive * 252 + negative * -3, -(positive * -3 + negative * 252));
    const raw = Math.max(positive * 255, -negative * 255) + Math.abs(3 * (positive + negative));
    return Math.max(centred, raw);
  };
  for (const [requantization, limit] of [
    [{ form: 'q15', shift: 8, multiplier: 'c.multiplier' }, 2 ** 31 - 128],
    [{ form: 'q15', shift: -3, multiplier: 'c.multiplier' }, 2 ** 31],
    [{ form: 'exact', left: 7, shift: 33, multiplier: 'c.multiplier' }, 2 ** 24],
  ] as const) {
    for (const [excess, accepted] of [[-1, true], [0, false]] as const) {
      const parts = fileParts();
      const weights = new Int8Array(parts.tensors.get('c.weight')!.bytes.slice(0, 27).buffer);
      const bias = limit - largest(weights) + excess;
      parts.json.operations[conv].requantization = requantization;
      vector('c.bias', bias, 0, 0, 0)(parts.json, parts.tensors);
      let error: unknown;
      try {
        decodeDyad(fileOf(parts));
      } catch (thrown) {
        error = thrown;
      }
      assert.is(error === undefined, accepted, String(error));
      if (!accepted) assert.is((error as DyadicError).code, 'ERR_ACCUMULATOR');
    }
  }
});

test.run();
