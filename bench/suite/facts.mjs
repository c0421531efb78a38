/** Facts that need no process of a contender: sizes of the modules, and the cold start. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { normalise, PREPROCESS, readFashion } from '../../examples/fashion/read.mjs';
import { attempt, ROOT } from '../../scripts/process.mjs';
import { median } from '../peers/statistics.mjs';

const STARTS = 25;
const CHILD = fileURLToPath(new URL('cold-start.mjs', import.meta.url));

/** KB of a module as servers send it. */
function brotli({ flavour }) {
  return brotliCompressSync(readFileSync(join(ROOT, `dist/wasm/${flavour}.wasm`))).length / 1e3;
}

/** Milliseconds from the start of the process to what cold-start.mjs does last, once. */
function startOnce(args) {
  const { ok, stdout, stderr } = attempt(process.execPath, [CHILD, ...args]);
  if (!ok) throw new Error(`cold start: ${stderr.trim().split('\n').at(-1)}`);
  return Number(stdout);
}

/** By turns, so that what disturbs the machine meets both; the difference of the medians. */
async function coldStart() {
  const folder = mkdtempSync(join(tmpdir(), 'dyadic-start-'));
  const files = [join(folder, 'model.dyad'), join(folder, 'picture.f32')];
  try {
    await writeExample(files);
    const [bare, whole] = [[], []];
    for (let i = 0; i < STARTS; i++) {
      bare.push(startOnce([]));
      whole.push(startOnce(files));
    }
    return median(whole) - median(bare);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The example in W8A8, and one picture. */
async function writeExample([network, picture]) {
  const { encodeDyad, importOnnx, quantize } = await import(pathToFileURL(join(ROOT, 'dist/entry/node.js')).href);
  const graph = await importOnnx(readFileSync(join(ROOT, 'examples/fashion/model.onnx')));
  const samples = readFashion('calibration').images.map(normalise);
  writeFileSync(network, encodeDyad((await quantize(graph, samples, { bits: 'w8a8', preprocess: PREPROCESS })).graph));
  writeFileSync(picture, new Uint8Array(samples[0].buffer, samples[0].byteOffset, samples[0].byteLength));
}

const LOCAL = { brotli, coldStart };

/** The value of a row of facts; `ours` is the process of our contender. */
export async function measureFact({ ask, ...question }, ours) {
  return ask in LOCAL ? LOCAL[ask](question) : ours.process.ask('fact', { ask, ...question });
}
