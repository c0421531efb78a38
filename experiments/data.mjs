/** The sets of ../shared/data as the Dataset of dyadic/train. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { cifarImage, readCifar10 } from '../scripts/datasets/cifar10.mjs';
import { ROOT, StepError } from '../scripts/process.mjs';

const SHARED = join(ROOT, '..', 'shared', 'data');

/** { train, test }; throws StepError if the files are not there. */
export function readData(name) {
  const folder = join(SHARED, name);
  if (!existsSync(folder)) throw new StepError(`${folder} is missing: experiments need ../shared/data`);
  return name === 'fashion-mnist' ? fashion(folder) : cifar100(folder);
}

function fashion(folder) {
  const part = (prefix) => {
    const pixels = brotliDecompressSync(readFileSync(join(folder, `${prefix}-images-idx3-ubyte.br`))).subarray(16);
    const labels = Int32Array.from(gunzipSync(readFileSync(join(folder, `${prefix}-labels-idx1-ubyte.gz`))).subarray(8));
    return { name: `fashion-mnist ${prefix}`, count: labels.length, shape: [28, 28, 1], images: new Uint8Array(pixels), labels, classes: 10 };
  };
  return { train: part('train'), test: part('t10k') };
}

/** The same records as CIFAR-10's, with fine labels. */
function cifar100(folder) {
  const part = (name, files) => {
    const sets = files.map((file) => readCifar10(join(folder, file)));
    const count = sets.reduce((sum, set) => sum + set.count, 0);
    const images = new Uint8Array(count * 3072);
    let next = 0;
    for (const set of sets) for (let i = 0; i < set.count; i++) images.set(cifarImage(set, i), 3072 * next++);
    return { name: `cifar100 ${name}`, count, shape: [32, 32, 3], images, labels: Int32Array.from(sets.flatMap((set) => [...set.labels])), classes: 100 };
  };
  return { train: part('train', [0, 1, 2, 3, 4].map((i) => `c100-train-${i}.med.br`)), test: part('test', ['c100-test.med.br']) };
}
