/** Options of importOnnx and what it refuses, with code and words. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DyadicError, ErrorCode } from '../../ts/errors.js';
import { importOnnx } from '../../ts/onnx/import.js';
import type { ImportOptions } from '../../ts/onnx/import.js';
import { errorOf } from '../engine/error-of.js';

const bytes = (name: string) => readFileSync(new URL(`models/${name}.onnx`, import.meta.url));

const refusal = (model: string | Uint8Array, code: ErrorCode, options?: ImportOptions): Promise<DyadicError> =>
  errorOf(code, () => importOnnx(typeof model === 'string' ? bytes(model) : model, options));

test('one error lists every unsupported node, also behind unsupported ones', async () => {
  const { details } = await refusal('unsupported_list', 'ERR_ONNX_UNSUPPORTED');
  assert.equal(details, [
    'Sigmoid "s": operator Sigmoid',
    'LSTM "l": operator LSTM',
    'BatchNormalization "n": attribute training_mode = 1',
    'MaxPool "m": output 1 ("indices") is used',
  ]);
});

test('unsupported: other domains, old opsets, one spatial axis, shapes computed at run time', async () => {
  assert.equal((await refusal('unsupported_domain', 'ERR_ONNX_UNSUPPORTED')).details, ['Gelu "y": operator com.microsoft.Gelu']);
  assert.equal((await refusal('unsupported_opset', 'ERR_ONNX_UNSUPPORTED')).details, ['opset 6: 7 to 26 are supported']);
  assert.equal((await refusal('unsupported_3d', 'ERR_ONNX_UNSUPPORTED')).details, ['MaxPool "y": 3 spatial axes (input [1, 2, 5, 4, 3]); 1 and 2 are supported']);
  assert.equal((await refusal('unsupported_runtime_shape', 'ERR_ONNX_UNSUPPORTED')).details, ['Cast "i": attribute to = int64 of a value that is no constant']);
});

test('invalid: cycles, missing and repeated names, shapes that do not fit', async () => {
  assert.match((await refusal('invalid_cycle', 'ERR_ONNX_INVALID')).message, 'cycle');
  assert.match((await refusal('invalid_missing', 'ERR_ONNX_INVALID')).message, '"nowhere"');
  assert.match((await refusal('invalid_duplicate', 'ERR_ONNX_INVALID')).message, '"y"');
  assert.match((await refusal('invalid_shape', 'ERR_ONNX_INVALID')).message, '24 elements');
  assert.match((await refusal('invalid_conv', 'ERR_ONNX_INVALID')).message, '[4, 2, 2, 2]');
});

test('nodes out of order are put in order', async () => {
  const graph = await importOnnx(bytes('unsorted'), { optimize: false });
  assert.equal(graph.nodes.map((node) => node.op), ['Clip', 'Relu']);
});

test('an open batch becomes 1; another open dimension must be given', async () => {
  const batch = await importOnnx(bytes('dynamic_batch'));
  assert.equal(batch.values.get('x')!.shape, [1, 2, 3, 4]);
  const error = await refusal('open_size', 'ERR_ARGUMENT');
  assert.match(error.message, 'dimension 2 ("H")');
  assert.match(error.message, 'options.shapes = { "x": [...] }');
  const sized = await importOnnx(bytes('open_size'), { shapes: { x: [2, 2, 5, 4] } });
  assert.equal(sized.values.get('y')!.shape, [2, 2, 4, 3]);
});

test('shapes and constants must fit the model', async () => {
  await refusal('open_size', 'ERR_SHAPE', { shapes: { x: [1, 3, 5, 4] } });
  await refusal('open_size', 'ERR_SHAPE', { shapes: { x: [1, 2, 5] } });
  await refusal('open_size', 'ERR_ARGUMENT', { shapes: { x: [1, 2, 5, 0.5] } });
  await refusal('open_size', 'ERR_ARGUMENT', { shapes: { other: [1, 2, 5, 4] } });
  await refusal('relu', 'ERR_ARGUMENT', { constants: { other: { dtype: 'f32', shape: [], data: Float32Array.of(1) } } });
  await refusal('relu', 'ERR_SHAPE', { constants: { x: { dtype: 'f32', shape: [2], data: Float32Array.of(1) } } });
});

test('an input can be made a constant', async () => {
  const constants = { z: { dtype: 'f32', shape: [4, 1], data: Float32Array.of(1, 2, 3, 4) } } as const;
  const graph = await importOnnx(bytes('add_two'), { constants });
  assert.equal(graph.inputs, ['x']);
  assert.ok(graph.constants.has('z'));
});

test('what is no ONNX file', async () => {
  await refusal(new Uint8Array(0), 'ERR_ONNX_PARSE');
  await refusal(new TextEncoder().encode('<html>not found</html>'), 'ERR_ONNX_PARSE');
  await refusal(bytes('relu').subarray(0, 30), 'ERR_ONNX_PARSE');
});

test('an ArrayBuffer, as fetch gives it, is as good as a Uint8Array; a path is neither', async () => {
  const file = bytes('add_two');
  const graph = await importOnnx(new Uint8Array(file).buffer);
  assert.equal(graph.inputs, (await importOnnx(file)).inputs);
  const { argument, received } = await refusal([] as unknown as Uint8Array, 'ERR_ARGUMENT');
  assert.equal([argument, received], ['bytes', '[object Array]']);
});

test('a batch that the file fixes may be given as 1; other fixed dimensions may not change', async () => {
  const graph = await importOnnx(bytes('one_axis'), { shapes: { x: [1, 3, 21] } });
  assert.equal(graph.values.get('x')?.shape, [1, 3, 21]);
  await refusal('one_axis', 'ERR_SHAPE', { shapes: { x: [1, 3, 20] } });
});

test.run();
