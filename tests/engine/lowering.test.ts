/** What an engine answers for the relaxed dot product decides what is trusted; here the answers are given. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IntegerTensor, IntegerValue, Pair } from '../../ts/integer/integer-graph.js';
import { chooseDot } from '../../ts/session/lower/choose-dot.js';
import { instantiate, type Abi } from '../../ts/wasm/abi.js';
import type { Lowering } from '../../ts/wasm/engine.js';
import { askLowering, isFast } from '../../ts/wasm/lowering.js';
import { Dot } from '../../ts/wasm/params.js';
import { WasmEngine } from '../../ts/wasm/wasm-engine.js';
import { errorOf } from './error-of.js';
import { moduleBytes } from './flavours.js';

const lowering = suite('lowering');
const abi = instantiate(new WebAssembly.Module(moduleBytes('scalar')), 'scalar');
const answering = (answer: () => number): Abi => ({ ...abi, memory: abi.memory, relaxed_dot: answer });

lowering('the answer for an operand beyond 127 tells the instruction', () => {
  const asked: number[][] = [];
  const names = [129540, -508, 65534, 0, 1].map((answer) => askLowering({ ...abi, relaxed_dot: (a, b) => (asked.push([a, b]), answer) }));
  assert.equal(names, ['vpdpbusd', 'sdot', 'pmaddubsw', 'none', 'other']);
  assert.equal(new Set(asked.map(String)), new Set(['127,255']));
  assert.equal(names.filter(isFast), ['vpdpbusd', 'sdot']);
  assert.is(askLowering(abi), 'none');
});

lowering('an engine that changes its mind is not trusted any longer', async () => {
  let answer = 129540;
  const engine = new WasmEngine({ flavour: 'relaxed', lowering: 'vpdpbusd', abi: answering(() => answer) });
  assert.is(engine.lowering, 'vpdpbusd');
  answer = 65534;
  const error = await errorOf('ERR_WASM_LOAD', () => Promise.resolve().then(() => engine.lowering));
  assert.match(error.message, /vpdpbusd.*pmaddubsw/);
});

const value = (range: Pair, zeroPoint = 0): IntegerValue => ({ name: 'x', dtype: range[0] < 0 ? 'i8' : 'u8', shape: [1, 4], scale: 1, zeroPoint, range });
const weights = (dtype: 'i4' | 'i8'): IntegerTensor => ({ dtype, shape: [4, 4], data: new Int8Array(16) });

lowering('every operand pair takes a dot product that is right for it', () => {
  const choices = (input: IntegerValue, dtype: 'i4' | 'i8'): (Dot | null)[] =>
    (['vpdpbusd', 'sdot', 'pmaddubsw', 'other', 'none'] as const satisfies readonly Lowering[]).map((name) => chooseDot(name, input, weights(dtype)));
  const { i7, w4, usdot, sdot } = Dot;
  for (const dtype of ['i4', 'i8'] as const) {
    assert.equal(choices(value([0, 15]), dtype), [i7, i7, i7, i7, null]);
    assert.equal(choices(value([0, 127], 127), dtype), [i7, i7, i7, i7, null]);
  }
  for (const input of [value([0, 128]), value([0, 255]), value([-1, 127]), value([-128, 127]), value([0, 127], 128)]) {
    assert.equal(choices(input, 'i4'), [w4, w4, w4, w4, null]);
    assert.equal(choices(input, 'i8'), [usdot, sdot, null, null, null]);
  }
});

lowering.run();
