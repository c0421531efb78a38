/** Checkpoints give back every bit or refuse: damaged, of another version, of another model. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../../ts/errors.js';
import { Conv2d } from '../../../ts/train/modules/conv2d.js';
import { Linear } from '../../../ts/train/modules/linear.js';
import { sgd } from '../../../ts/train/optimizer/optimizer.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../../../ts/train/trainer/checkpoint.js';
import { checkBest, checkSameModel, describeParameters } from '../../../ts/train/trainer/checkpoint-fields.js';
import { crc32 } from '../../../ts/train/trainer/crc32.js';
import { fromExactJson, toExactJson } from '../../../ts/train/trainer/exact-json.js';
import { readSettings } from '../../../ts/train/trainer/settings.js';
import { refused } from '../refusal.js';
import { bitsOfSnapshot } from './sample-data.js';

const checkpoints = suite('checkpoints');

const SAMPLE: Checkpoint = {
  settings: readSettings({ seed: 2 ** 40 + 3, batch: 32, augment: { cropPadding: 4 }, normalization: { mean: [0.1], std: [0.3] }, optimizer: sgd({ learningRate: 0.1 }) }, 'test'),
  progress: { epoch: 1, stepInEpoch: 2, stepsPerEpoch: 5, step: 7, updates: 6, lossSum: 0.1 + 0.2, correct: 3, samples: 64, best: { epoch: 0, loss: 1 / 3, accuracy: 0.7 } },
  gradient: 'interval',
  parameters: [{ name: 'weight', shape: [2, 2], group: 'weights' }],
  snapshot: {
    tensors: new Map([
      ['weight', { shape: [2, 2], data: Float32Array.of(1, -0, 1e-45, 3.4e38) }],
      ['weight.velocity', { shape: [2, 2], data: Float32Array.of(4, 3, 2, 1) }],
    ]),
    gradients: new Map([['conv', { gamma: 0.1, list: [-0, 1 / 3, Infinity, NaN] }]]),
  },
  best: new Map([['weight', { shape: [2, 2], data: Float32Array.of(9, 8, 7, 6) }]]),
};
const BYTES = encodeCheckpoint(SAMPLE);

/** The file with a text in its header replaced by one of the same length, and a checksum that is right. */
function forged(from: string, to: string): Uint8Array {
  const text = Buffer.from(BYTES).toString('latin1');
  assert.ok(text.includes(from) && from.length === to.length, from);
  const without = text.replace(from, to).replace(/("checksum":")[0-9a-f]{8}/, '$100000000');
  const sum = crc32(Buffer.from(without, 'latin1')).toString(16).padStart(8, '0');
  return new Uint8Array(Buffer.from(without.replace('"checksum":"00000000', `"checksum":"${sum}`), 'latin1'));
}

checkpoints('give back every bit', () => {
  const read = decodeCheckpoint(BYTES);
  assert.is(bitsOfSnapshot(read.snapshot), bitsOfSnapshot(SAMPLE.snapshot));
  assert.equal({ ...read, snapshot: null }, { ...SAMPLE, snapshot: null });
  assert.equal(encodeCheckpoint(read), BYTES);
  const { normalization: _, ...settings } = SAMPLE.settings;
  const early = { ...SAMPLE, settings: { ...settings, normalization: null }, best: null, progress: { ...SAMPLE.progress, best: null } };
  assert.equal(decodeCheckpoint(encodeCheckpoint(early)), early);
});

checkpoints('do not share memory with the file', () => {
  const bytes = BYTES.slice();
  const { snapshot } = decodeCheckpoint(bytes);
  bytes.fill(0);
  assert.equal(snapshot.tensors.get('weight.velocity')!.data, Float32Array.of(4, 3, 2, 1));
});

checkpoints('are safetensors files with the names of the state, readable at any offset', () => {
  const header = Buffer.from(BYTES.subarray(8, 8 + new DataView(BYTES.buffer).getUint32(0, true))).toString('utf8');
  const names = Object.keys(JSON.parse(header) as object);
  assert.equal(names, ['__metadata__', 'best/weight', 'weight', 'weight.velocity']);
  const shifted = new Uint8Array(BYTES.length + 1);
  shifted.set(BYTES, 1);
  assert.is(decodeCheckpoint(shifted.subarray(1)).progress.step, 7);
});

checkpoints('every truncation is refused', () => {
  for (let length = 0; length < BYTES.length; length++) refused(() => decodeCheckpoint(BYTES.subarray(0, length)), 'ERR_CHECKPOINT', /^resume/);
  refused(() => decodeCheckpoint(Uint8Array.of(...BYTES, 0)), 'ERR_CHECKPOINT', /^resume/);
});

checkpoints('every flipped bit is refused', () => {
  for (let position = 0; position < BYTES.length; position++) {
    const damaged = BYTES.slice();
    damaged[position]! ^= 1 << position % 8;
    refused(() => decodeCheckpoint(damaged), 'ERR_CHECKPOINT', /^resume/);
  }
});

checkpoints('other formats, versions and kinds are named', () => {
  refused(() => decodeCheckpoint(forged('"version":"1"', '"version":"2"')), 'ERR_CHECKPOINT', /version.*expected 1, got 2/);
  refused(() => decodeCheckpoint(forged('dyadic-checkpoint', 'dyadic-chockpoint')), 'ERR_CHECKPOINT', /format.*got dyadic-chockpoint/);
  refused(() => decodeCheckpoint(new TextEncoder().encode('<!DOCTYPE html><html>')), 'ERR_CHECKPOINT', /a checkpoint.*<!DOCTYP/);
  refused(() => decodeCheckpoint('text' as never), 'ERR_CHECKPOINT', /Uint8Array/);
});

/** Contents that a right checksum does not make right. */
const FORGERIES: readonly (readonly [string, string, RegExp])[] = [
  ['stepInEpoch\\":2', 'stepInEpoch\\":9', /counts that agree/],
  ['\\"samples\\":64', '\\"samples\\":-4', /progress.samples.*integer from 0.*-4/],
  ['\\"lossSum\\"', '\\"lossSam\\"', /progress.lossSum.*undefined/],
  ['\\"batch\\":32', '\\"batch\\":-1', /settings.*batch/],
  ['\\"kind\\":\\"sgd', '\\"kind\\":\\"sgx', /settings.*optimizer/],
  ['\\"group\\":\\"weights', '\\"group\\":\\"weighty', /parameters\[0\]/],
  ['\\"gamma\\":0.1', '\\"gamma\\":{ }', /gradients of conv.*numbers.*object/],
  ['\\"accuracy\\":0.7', '\\"accuracy\\":[ ]', /progress.best.accuracy/],
  ['\\"accuracy\\":0.7', '\\"accuracy\\":0.,', /progress.*JSON/],
];

checkpoints('contents that are none are refused, whatever the checksum says', () => {
  for (const [from, to, message] of FORGERIES) refused(() => decodeCheckpoint(forged(from, to)), 'ERR_CHECKPOINT', message);
});

checkpoints('random forgeries are refused or decode to something that encodes again', () => {
  let state = 12345;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const header = Buffer.from(BYTES).toString('latin1').length;
  let accepted = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = BYTES.slice();
    for (let i = random(3); i >= 0; i--) bytes[random(header)] = random(4) === 0 ? random(256) : '0123456789-.[]{}",:ae'.charCodeAt(random(21));
    const text = Buffer.from(bytes).toString('latin1').replace(/("checksum":")[0-9a-f]{8}/, '$100000000');
    const sum = crc32(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0');
    try {
      const read = decodeCheckpoint(new Uint8Array(Buffer.from(text.replace('"checksum":"00000000', `"checksum":"${sum}`), 'latin1')));
      assert.is(decodeCheckpoint(encodeCheckpoint(read)).progress.step, read.progress.step);
      accepted++;
    } catch (error) {
      const isFine = error instanceof DyadicError && (error.code === 'ERR_CHECKPOINT' || (error.code === 'ERR_TRAINING' && error.op === 'save'));
      if (!isFine) throw error;
    }
  }
  assert.ok(accepted > 50, `only ${accepted} were accepted: the forgeries never get far`);
});

checkpoints('another model is refused by the parameter that differs', () => {
  const conv = (out: number, bias = false) => describeParameters(new Conv2d({ in: 3, out, kernel: 3, bias }).namedParameters());
  checkSameModel(conv(8), conv(8));
  refused(() => checkSameModel(conv(8), conv(16)), 'ERR_CHECKPOINT', /parameter weight.*expected \[16, 3, 3, 3\], got \[8, 3, 3, 3\]/);
  refused(() => checkSameModel(conv(8), conv(8, true)), 'ERR_CHECKPOINT', /parameter bias.*with \[8\].*without/);
  refused(() => checkSameModel(conv(8, true), conv(8)), 'ERR_CHECKPOINT', /parameter bias.*none of that name.*\[8\]/);
  const [weight] = conv(8);
  refused(() => checkSameModel([{ ...weight!, group: 'none' }], conv(8)), 'ERR_CHECKPOINT', /\(none\)/);
  const quantized = (width: number) => describeParameters(new Conv2d({ in: 3, out: 8, kernel: 3, bits: { weight: 4, activation: 4, gradient: width } }).namedParameters());
  checkSameModel(quantized(4), quantized(4));
  refused(() => checkSameModel(quantized(4), quantized(8)), 'ERR_CHECKPOINT', /parameter weightInterval.*expected a layer of 4\/4\/8 bits, got one of 4\/4\/4/);
  const old = quantized(4).map(({ name, shape, group }) => ({ name, shape, group }));
  checkSameModel(old, quantized(4)); // written before widths were
  assert.ok(describeParameters(new Linear({ in: 2, out: 2 }).namedParameters()).length === 2);
});

checkpoints('the best epoch and its parameters belong together', () => {
  checkBest(SAMPLE, SAMPLE.parameters);
  refused(() => checkBest({ ...SAMPLE, best: null }, SAMPLE.parameters), 'ERR_CHECKPOINT', /best/);
  refused(() => checkBest(SAMPLE, [{ name: 'weight', shape: [4], group: 'weights' }]), 'ERR_CHECKPOINT', /best\/weight.*\[4\].*\[2, 2\]/);
  refused(() => checkBest(SAMPLE, []), 'ERR_CHECKPOINT', /best/);
});

checkpoints('a state with NaN is not saved', () => {
  const tensors = new Map([['weight', { shape: [1], data: Float32Array.of(NaN) }]]);
  refused(() => encodeCheckpoint({ ...SAMPLE, snapshot: { ...SAMPLE.snapshot, tensors } }), 'ERR_TRAINING', /save.*weight.*NaN at 0/);
});

checkpoints('exact JSON and CRC-32', () => {
  const value = { a: [-0, 0, NaN, Infinity, -Infinity, 5e-324], '#b': '#-0', c: null, d: '' };
  assert.ok(Object.is((fromExactJson(toExactJson(value)) as typeof value).a[0], -0));
  assert.equal(fromExactJson(toExactJson(value)), value);
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
});

checkpoints.run();
