// Scores every `of`-th image on the float network and all integer ones.
import { parentPort, workerData } from 'node:worker_threads';
import '../../dist/entry/node.js';
import { createFloatProgram } from '../../dist/session/float-program.js';
import { createIntegerProgram } from '../../dist/session/integer-program.js';
import { createEngine } from '../../dist/wasm/create-engine.js';
import { NETWORKS, normalize } from './networks.mjs';

function argmax(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

function score(tally, logits, label, reference) {
  const best = argmax(logits);
  tally.correct += best === label ? 1 : 0;
  tally.agreed += best === argmax(reference) ? 1 : 0;
  for (let i = 0; i < logits.length; i++) {
    tally.signal += reference[i] * reference[i];
    tally.noise += (reference[i] - logits[i]) ** 2;
  }
}

const { name, data, limit, floatGraph, graphs, first, of } = workerData;
const network = NETWORKS.find((candidate) => candidate.name === name);
const images = network.images(data, 'score', limit);
const engine = await createEngine();
const float = createFloatProgram(engine, floatGraph);
const programs = graphs.map((graph) => createIntegerProgram(engine, graph));
const input = floatGraph.inputs[0];
const output = floatGraph.outputs[0];
const tallies = [float, ...programs].map(() => ({ correct: 0, agreed: 0, signal: 0, noise: 0 }));
for (let i = first; i < images.count; i += of) {
  const bytes = images.bytes(i);
  const reference = float.run(new Map([[input, { kind: 'f32', data: normalize(bytes, network.preprocess) }]])).get(output);
  score(tallies[0], reference, images.label(i), reference);
  programs.forEach((program, k) => {
    const logits = program.run(new Map([[input, { kind: 'pixels', data: bytes, channels: 3 }]])).get(output);
    score(tallies[k + 1], logits, images.label(i), reference);
  });
  if ((i - first) % (of * 50) === 0) parentPort.postMessage({ done: Math.floor(i / of) });
}
parentPort.postMessage({ tallies, count: images.count });
