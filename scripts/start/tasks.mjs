/** What is quantized and on which pictures it is compared: the example, or the caller's own network. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { normalise, PREPROCESS, readFashion } from '../../examples/fashion/read.mjs';
import { importSized } from '../../dist/cli/import-sized.js';
import { Progress } from '../../dist/cli/progress.js';
import { calibrationSamples, quantizeSettings } from '../../dist/cli/quantize.js';
import { preprocessFor } from '../../dist/cli/picture-settings.js';
import { readFile } from '../../dist/cli/pictures.js';
import { importOnnx } from '../../dist/onnx/import.js';

/**
 * @typedef {object} Task
 * @property {string} title what the table is about
 * @property {import('../../dist/graph/graph.js').Graph} graph
 * @property {number} onnxBytes
 * @property {Float32Array[]} calibration
 * @property {Float32Array[]} pictures what is run
 * @property {Uint8Array | null} labels the class of each picture, or null
 * @property {object} quantize options of quantize(), without bits
 * @property {string | undefined} flavour
 */

/** The embedded network: 100 training pictures calibrate, 1,000 test pictures are run. @returns {Promise<Task>} */
export async function exampleTask(options) {
  const given = Object.keys(options).filter((name) => !['json', 'flavour'].includes(name));
  if (given.length > 0) throw Object.assign(new Error(`--${given[0]} is for a network of your own: npm start -- model.onnx --calibrate images/`), { name: 'UsageError' });
  const onnx = new Uint8Array(readFileSync(new URL('../../examples/fashion/model.onnx', import.meta.url)));
  const test = readFashion('test');
  return {
    title: 'examples/fashion: calibrated on 100 training pictures, run on 1,000 test pictures',
    graph: await importOnnx(onnx),
    onnxBytes: onnx.length,
    calibration: readFashion('calibration').images.map(normalise),
    pictures: test.images.map(normalise),
    labels: test.labels,
    quantize: { preprocess: PREPROCESS },
    flavour: options.flavour,
  };
}

/** The caller's network; its pictures calibrate and are compared, since no others are known. @returns {Promise<Task>} */
export async function ownTask(path, options) {
  const settings = quantizeSettings(options);
  const onnx = readFile(path, 'start');
  const graph = await importSized(onnx, settings.pictures.size);
  const preprocess = preprocessFor(graph, settings.pictures);
  const pictures = calibrationSamples(settings, preprocess, new Progress());
  const { bits: _, ...quantize } = settings.quantize;
  return {
    title: `${basename(path)}: calibrated on ${pictures.length} pictures and compared on the same, without labels`,
    graph,
    onnxBytes: onnx.length,
    calibration: pictures,
    pictures,
    labels: null,
    quantize: { ...quantize, preprocess },
    flavour: options.flavour,
  };
}
