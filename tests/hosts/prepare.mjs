/** Makes the folder that all hosts read from: the installed tarball, the probe, one deployed network, pictures. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { normalise, PREPROCESS, readFashion } from '../../examples/fashion/read.mjs';
import { execute, root } from './context.mjs';

const PICTURES = 64;
const PAGES = ['probe.js', 'pipeline.js', 'everything.js', 'node-main.js', 'worker.js', 'index.html', 'bundled.html', 'bundled.js', 'bundled-worker.js', 'inference.html', 'inference.js'];

/** `npm pack`, then `npm install` of the tarball in an empty folder: what a user gets, not what the repository holds. */
export function installTarball({ app, log }) {
  log('npm pack, npm install of the tarball');
  const [tarball] = JSON.parse(execute('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app], { cwd: root }));
  writeFileSync(join(app, 'package.json'), '{"private":true,"type":"module"}\n');
  execute('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', `./${tarball.filename}`], { cwd: app });
  return { name: tarball.filename, size: tarball.size, unpackedSize: tarball.unpackedSize, entryCount: tarball.entryCount };
}

/**
 * Files in `app/data`: model.onnx, model.dyad (made here, once, so that every host runs the same file), images.f32, calibration.f32; and the example's pictures to train with and to
 * test, in IDX.
 */
export async function prepareFiles({ app, log }) {
  const data = join(app, 'data');
  mkdirSync(data);
  for (const file of PAGES) copyFileSync(join(root, 'tests/hosts', file), join(app, file));
  copyFileSync(join(root, 'examples/fashion/model.onnx'), join(data, 'model.onnx'));
  const test = readFashion('test').images.slice(0, PICTURES).map(normalise);
  const calibration = readFashion('calibration').images.map(normalise);
  writeFileSync(join(data, 'images.f32'), joined(test));
  writeFileSync(join(data, 'calibration.f32'), joined(calibration));
  for (const part of ['train', 'test']) {
    for (const [kind, rank] of [['images', 3], ['labels', 1]]) {
      writeFileSync(join(data, `${part}-${kind}.idx`), gunzipSync(readFileSync(join(root, `examples/fashion/${part}-${kind}-idx${rank}-ubyte.gz`))));
    }
  }

  log('quantizing the example');
  const { importOnnx, quantize, encodeDyad } = await import(pathToFileURL(join(app, 'node_modules/dyadic/dist/entry/node.js')).href);
  const graph = await importOnnx(readFileSync(join(data, 'model.onnx')));
  const quantized = await quantize(graph, calibration, { bits: 'w8a8', preprocess: PREPROCESS });
  writeFileSync(join(data, 'model.dyad'), encodeDyad(quantized.graph));
}

function joined(pictures) {
  return Buffer.concat(pictures.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)));
}
