/** Networks exactly at the accumulator clause (SPEC 2.4) run alike everywhere; one more in a bias and everybody refuses them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CodeDtype, IntegerGraph, IntegerTensor, Operation, Pair, Requantization } from '../../ts/integer/integer-graph.js';
import { encodeDyad, decodeDyad } from '../../ts/integer/dyad.js';
import { readSafetensors, writeSafetensors } from '../../ts/integer/safetensors.js';
import { load } from '../../ts/session/model.js';
import { errorOf } from '../engine/error-of.js';
import { FLAVOURS, engineOf } from '../engine/flavours.js';
import { differences } from './compare.js';
import { interpret, type Case } from './interpreter.js';
import { Random } from './random.js';
import { samplesOf } from './samples.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RANGES: Readonly<Record<CodeDtype, Pair>> = { u8: [0, 255], i8: [-128, 127], u4: [0, 15], i16: [-32767, 32767] };
const CHANNELS = 12;

interface Limit {
  readonly requantization: Requantization;
  /** What the bound must stay below, from the text of SPEC 2.4. */
  readonly below: number;
}

const LIMITS: readonly Limit[] = [
  { requantization: { form: 'copy' }, below: 2 ** 31 },
  { requantization: { form: 'q15', shift: 22, multiplier: 'm' }, below: 2 ** 31 - 2 ** 21 },
  { requantization: { form: 'q15', shift: 1, multiplier: 'm' }, below: 2 ** 31 - 1 },
  { requantization: { form: 'q15', shift: 0, multiplier: 'm' }, below: 2 ** 31 },
  { requantization: { form: 'q15', shift: -15, multiplier: 'm' }, below: 2 ** 31 },
  { requantization: { form: 'exact', left: 0, shift: 33, multiplier: 'm' }, below: 2 ** 31 },
  { requantization: { form: 'exact', left: 7, shift: 62, multiplier: 'm' }, below: 2 ** 24 },
];

/** Weights [channels][taps], their largest sums over the codes of [lo, hi] by SPEC 2.4, and the bias that fills the rest up. */
function filled(random: Random, taps: number, most: number, [lo, hi]: Pair, zeroPoint: number, below: number): { weights: Int8Array; bias: Int32Array } {
  const weights = new Int8Array(CHANNELS * taps);
  const bias = Int32Array.from({ length: CHANNELS }, (_, channel) => {
    let [positive, negative] = [0, 0];
    for (let i = 0; i < taps; i++) {
      const w = channel % 3 === 0 ? most : channel % 3 === 1 ? -most : random.integer(-most, most);
      weights[channel * taps + i] = w;
      if (w > 0) positive += w;
      else negative += w;
    }
    const bound = (zp: number): number => {
      const [aLo, aHi] = [Math.min(lo - zp, 0), Math.max(hi - zp, 0)];
      return Math.max(positive * aHi + negative * aLo, -(positive * aLo + negative * aHi));
    };
    const largest = Math.max(bound(zeroPoint), bound(0) + Math.abs(zeroPoint * (positive + negative)));
    return (channel % 2 === 0 ? 1 : -1) * (below - 1 - largest);
  });
  return { weights, bias };
}

type Kind = 'conv2d' | 'depthwise' | 'grouped' | 'dense';

function network(kind: Kind, limit: Limit, dtype: CodeDtype, zeroPoint: number, out: CodeDtype, outZeroPoint: number, seed: number): IntegerGraph {
  const random = new Random(seed);
  const groups = kind === 'depthwise' ? CHANNELS : kind === 'grouped' ? 3 : 1;
  const isDense = kind === 'dense';
  const weightShape = isDense ? [CHANNELS, 7] : [CHANNELS, CHANNELS / groups, 3, 2];
  const taps = weightShape.slice(1).reduce((a, b) => a * b, 1);
  const { weights, bias } = filled(random, taps, seed % 2 === 0 ? 127 : 7, RANGES[dtype], zeroPoint, limit.below);
  const tensors = new Map<string, IntegerTensor>([
    ['w', { dtype: seed % 2 === 0 ? 'i8' : 'i4', shape: weightShape, data: weights }],
    ['b', { dtype: 'i32', shape: [CHANNELS], data: bias }],
  ]);
  const { form } = limit.requantization;
  if (form !== 'copy') tensors.set('m', { dtype: 'i32', shape: [CHANNELS], data: Int32Array.from({ length: CHANNELS }, (_, i) => (form === 'q15' ? [1, 2, 16384, 32767][i % 4]! : [0, 1, 2 ** 30, 2 ** 31 - 1][i % 4]!)) });
  const shared = { name: kind, inputs: [0], outputs: [1], weight: 'w', bias: 'b', requantization: limit.requantization, clamp: RANGES[out] };
  const operation: Operation = isDense ? { op: 'dense', ...shared } : { op: 'conv2d', ...shared, stride: [1, 2], pads: [2, 1, 1, 1], dilation: [1, 2], groups };
  return {
    name: `${kind} ${JSON.stringify(limit)} ${dtype} ${zeroPoint} ${out} ${outZeroPoint}`,
    values: [
      { name: 'x', dtype, shape: isDense ? [1, 5, 7] : [1, CHANNELS, 2, 5], scale: 1, zeroPoint, range: RANGES[dtype] },
      { name: 'y', dtype: out, shape: isDense ? [1, 5, CHANNELS] : [1, CHANNELS, 3, 3], scale: 1, zeroPoint: outZeroPoint, range: RANGES[out] },
    ],
    inputs: [{ name: 'x', value: 0, preprocess: null }],
    outputs: [{ name: 'y', value: 1, softmax: null }],
    tensors,
    operations: [operation],
  };
}

const INPUTS: readonly (readonly [CodeDtype, number])[] = [['u8', 0], ['u8', 255], ['u8', 1], ['i8', -128], ['i8', 127], ['i8', 0], ['u4', 15], ['u4', 0]];
const OUTPUTS: readonly (readonly [CodeDtype, number])[] = [['i16', 0], ['i16', 32767], ['i16', -32767], ['u8', 255], ['i8', -128], ['u4', 15]];

const graphs: IntegerGraph[] = (['conv2d', 'depthwise', 'grouped', 'dense'] as const).flatMap((kind, k) =>
  LIMITS.flatMap((limit, l) => INPUTS.map(([dtype, zeroPoint], i) => network(kind, limit, dtype, zeroPoint, ...OUTPUTS[(k + l + i) % OUTPUTS.length]!, k + l + i))));

/** The same with one bias one further from 0. */
function beyond(graph: IntegerGraph, channel: number): IntegerGraph {
  const bias = graph.tensors.get('b')!;
  const data = Int32Array.from(bias.data);
  data[channel]! += channel % 2 === 0 ? 1 : -1;
  return { ...graph, tensors: new Map([...graph.tensors, ['b', { ...bias, data }]]) };
}

/** A file of a network that encodeDyad would not write. */
function fileOf(valid: IntegerGraph, broken: IntegerGraph): Uint8Array {
  const { metadata, tensors } = readSafetensors(encodeDyad(valid));
  const { data } = broken.tensors.get('b')!;
  return writeSafetensors(metadata, new Map([...tensors, ['b', { ...tensors.get('b')!, bytes: new Uint8Array(data.buffer) }]]));
}

const test = suite('limits');

const cases: Case[] = graphs.map((graph, i) => ({ graph, samples: samplesOf(graph, i, 4) }));
const expected = interpret(cases);

for (const flavour of FLAVOURS) {
  test(`${flavour}: at the limit`, async () => {
    const engine = await engineOf(flavour);
    const found = cases.flatMap((one, i) => differences(engine, one, expected[i] ?? []));
    assert.equal(found.slice(0, 5), [], `${found.length} differences`);
  });
}

test('one past it: the file, the graph in memory and the reference refuse', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dyadic-limits-'));
  try {
    const refused: string[] = [];
    for (const [i, graph] of graphs.entries()) {
      const channel = i % CHANNELS;
      if (Math.abs(graph.tensors.get('b')!.data[channel]!) === 2 ** 31 - 1) continue;
      const broken = beyond(graph, channel);
      const bytes = fileOf(graph, broken);
      await errorOf('ERR_ACCUMULATOR', () => decodeDyad(bytes));
      await errorOf('ERR_ACCUMULATOR', () => encodeDyad(broken));
      await errorOf('ERR_ACCUMULATOR', () => load(broken));
      const { shape } = graph.values[0]!;
      writeFileSync(join(folder, `${refused.length}.dyad`), bytes);
      writeFileSync(join(folder, `${refused.length}.in`), new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)));
      refused.push(graph.name);
    }
    assert.ok(refused.length > 150, String(refused.length));
    spawnSync('cargo', ['run', '--release', '-q', '-p', 'reference', '--bin', 'interpret', folder], { cwd: ROOT });
    for (const [i, name] of refused.entries()) {
      const reason = join(folder, `${i}.err`);
      assert.ok(existsSync(reason), name);
      assert.match(readFileSync(reason, 'utf8'), /ERR_ACCUMULATOR/, name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
