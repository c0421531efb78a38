// The networks and modes that `npm run accuracy` measures, with the targets of the project.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cifarImage, readCifar10 } from '../datasets/cifar10.mjs';
import { listImagenetSample, readCrop } from '../datasets/imagenet-sample.mjs';

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_STD = [0.229, 0.224, 0.225];
const preprocess = (side) => ({ size: [side, side], fit: 'crop', channels: 'rgb', mean: IMAGENET_MEAN, std: IMAGENET_STD, labels: null });

/** `count` elements spread evenly over 0..total−1. */
const spread = (total, count) => Array.from({ length: Math.min(total, count) }, (_, i) => Math.floor((i * total) / Math.min(total, count)));

/**
 * `images(data, part)`: `part` is 'calibrate' or 'score'; gives { count, label(i), bytes(i) }, bytes [h][w][3]. Targets: `value` is top-1 in percent,
 * `agreement` percent of images whose best class is float's, `db` the logits' signal to noise.
 */
export const NETWORKS = [
  {
    name: 'resnet20',
    model: 'models/cifar10-resnet/resnet20.onnx',
    preprocess: preprocess(32),
    images(data, part, limit) {
      const train = part === 'calibrate';
      const set = readCifar10(join(data, 'cifar10', train ? 'c10-train-0.med.br' : 'c10-test.med.br'), train ? 200 : limit);
      return { count: set.count, label: (i) => set.labels[i], bytes: (i) => cifarImage(set, i) };
    },
    float: { value: [91.71, 91.75] },
    modes: [
      { id: 'w8a8', options: { bits: 'w8a8' }, target: { value: [91.6] } },
      { id: 'w4a8', options: { bits: 'w4a8' }, target: { value: [89.5] }, weightShare: 0.56 },
      { id: 'w4a4', options: { bits: 'w4a4' }, target: { value: [85.5] }, weightShare: 0.56 },
      { id: 'w8a8-exact', options: { bits: 'w8a8', requantization: 'exact' }, target: {} },
    ],
  },
  {
    name: 'squeezenet',
    model: 'models/squeezenet1.1/squeezenet1.1_float32.onnx',
    preprocess: preprocess(224),
    images(data, part, limit) {
      const all = listImagenetSample(join(data, 'imagenet-sample')).filter((_, i) => (i % 10 === 0) === (part === 'calibrate'));
      const chosen = part === 'calibrate' ? all : spread(all.length, limit).map((i) => all[i]);
      return { count: chosen.length, label: (i) => chosen[i].label, bytes: (i) => readCrop(chosen[i].path) };
    },
    float: {},
    modes: [
      { id: 'w8a8', options: { bits: 'w8a8' }, target: { agreement: [94], db: [32] } },
      { id: 'w8a8-n8', options: { bits: 'w8a8', activations: 'n8', calibrate: 'mse' }, target: { agreement: [92], db: [29.5] } },
      { id: 'w4a8', options: { bits: 'w4a8', calibrate: 'mse', biasCorrection: true }, target: {} },
    ],
  },
];

/** Bytes [h][w][3] to floats [3][h][w]: SPEC 5.1 before 1.3, every step in f32. */
export function normalize(bytes, { mean, std }) {
  const plane = bytes.length / 3;
  const out = new Float32Array(bytes.length);
  for (let c = 0; c < 3; c++) {
    const factor = Math.fround(1 / Math.fround(std[c]));
    const table = Float32Array.from({ length: 256 }, (_, p) => Math.fround(Math.fround(p * Math.fround(1 / 255)) - Math.fround(mean[c])) * factor);
    for (let k = 0; k < plane; k++) out[c * plane + k] = table[bytes[k * 3 + c]];
  }
  return out;
}

/** What of the data is not there. */
export function missingFiles(data, networks) {
  const wanted = networks.flatMap(({ name, model }) => [model, ...(name === 'resnet20' ? ['cifar10/c10-test.med.br', 'cifar10/c10-train-0.med.br'] : ['imagenet-sample/classes.tsv'])]);
  return wanted.map((path) => join(data, path)).filter((path) => !existsSync(path));
}
