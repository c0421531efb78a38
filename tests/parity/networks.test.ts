/**
 * Whole trained networks in every mode: the runtime equals the reference on every intermediate tensor. The example always; ResNet-20 on 16 CIFAR-10
 * images when it is asked for by name (`npm run parity`), from ../shared/data.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importOnnx } from '../../ts/onnx/import.js';
import { setDefaultLoader } from '../../ts/wasm/loader.js';
import { engineOf, FLAVOURS, moduleBytes } from '../engine/flavours.js';
import { differences } from './compare.js';
import { interpret, type Case } from './interpreter.js';
import { networkCases } from './network-cases.js';

setDefaultLoader(moduleBytes);
const test = suite('networks');
const SHARED = new URL('../../../shared/data/', import.meta.url);
const MOST_SHOWN = 20;
const PROGRAMS = [{ convolution: 'direct' }, { convolution: 'winograd_f43' }, { memory: 'compact' }] as const;

async function assertParity(cases: readonly Case[]): Promise<void> {
  const expected = interpret(cases);
  for (const flavour of FLAVOURS) {
    const engine = await engineOf(flavour);
    const found = PROGRAMS.flatMap((options) => cases.flatMap((one, i) => differences(engine, one, expected[i] ?? [], options)));
    assert.is(found.length, 0, found.slice(0, MOST_SHOWN).join('\n'));
    assert.is(engine.liveAllocations, 0);
  }
}

/** Images of an idx file under gzip, normalised. */
function fashionImages(file: string, count: number, mean: number, std: number): Float32Array[] {
  const bytes = gunzipSync(readFileSync(new URL(`../../examples/fashion/${file}`, import.meta.url)));
  const size = 28 * 28;
  return Array.from({ length: count }, (_, i) => Float32Array.from(bytes.subarray(16 + i * size, 16 + (i + 1) * size), (p) => (p / 255 - mean) / std));
}

test('the example: every value in every mode and flavour, by both algorithms and from nibbles', async () => {
  const network = await importOnnx(new Uint8Array(readFileSync(new URL('../../examples/fashion/model.onnx', import.meta.url))));
  const [mean, std] = [0.286, 0.353];
  const preprocess = { size: [28, 28], fit: 'stretch', channels: 'gray', mean: [mean], std: [std], labels: null } as const;
  const calibration = fashionImages('calibration-images-idx3-ubyte.gz', 24, mean, std);
  await assertParity(await networkCases(network, calibration, fashionImages('test-images-idx3-ubyte.gz', 6, mean, std), preprocess));
});

/** CIFAR-10 images of ../shared/data, normalised as ResNet-20 wants them. */
async function cifarImages(file: string, count: number): Promise<Float32Array[]> {
  const { cifarImage, readCifar10 } = await import('../../scripts/datasets/cifar10.mjs');
  const { NETWORKS, normalize } = await import('../../scripts/accuracy/networks.mjs');
  const { preprocess } = NETWORKS.find(({ name }: { name: string }) => name === 'resnet20');
  const set = readCifar10(new URL(`cifar10/${file}`, SHARED), count);
  return Array.from({ length: count }, (_, i) => normalize(cifarImage(set, i), preprocess));
}

if (process.argv.includes('resnet20')) {
  test('ResNet-20: every value of 16 CIFAR-10 images in every mode and flavour', async () => {
    const model = new URL('models/cifar10-resnet/resnet20.onnx', SHARED);
    assert.ok(existsSync(model), `${model.pathname} is missing: this test needs ../shared/data`);
    const network = await importOnnx(new Uint8Array(readFileSync(model)));
    const [train, images] = [await cifarImages('c10-train-0.med.br', 50), await cifarImages('c10-test.med.br', 16)];
    await assertParity(await networkCases(network, train, images, null));
  });
}

test.run();
