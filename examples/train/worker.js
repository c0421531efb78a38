/** Trains in a worker. In a project with a bundler the import is `from 'dyadic/train'`, and `load` comes from 'dyadic'. */
import { load } from '../../dist/entry/browser.js';
import { cnn, cosine, createTrainEngine, encodeDyad, idxDataset, interval, sgd, Trainer } from '../../dist/entry/train-browser.js';

const PICTURES = 12;
const PIXELS = 28 * 28;

let run;
let stopping;

onmessage = async ({ data: { kind, epochs } }) => {
  if (kind === 'stop') {
    stopping.abort('the button');
    return;
  }
  // A stopped trainer goes on where it was: with the next fit().
  stopping = new AbortController();
  try {
    if (kind === 'start') run = await prepare(epochs);
    await train(run);
  } catch (error) {
    postMessage(error.code === 'ERR_ABORTED' ? { kind: 'stopped', step: run.trainer.step } : { kind: 'error', message: String(error) });
  }
};

async function prepare(epochs) {
  const [data, test, labels] = await Promise.all([dataset('train'), dataset('test'), text('labels.txt')]);
  const engine = await createTrainEngine();
  const model = cnn({ classes: 10, channels: 1, bits: { weight: 4, activation: 4, gradient: 4 } });
  const trainer = new Trainer(model, { gradient: interval(), optimizer: sgd({ learningRate: 0.02, momentum: 0.9, weightDecay: 1e-4 }), schedule: cosine({ epochs }), batch: 64, seed: 1, engine });
  return { trainer, epochs, test, data: { ...data, classNames: labels.trim().split('\n') }, flavour: engine.flavour };
}

async function train({ trainer, epochs, data, test, flavour }) {
  for await (const { epoch, step, steps, loss, accuracy, layers, imagesPerSecond, secondsLeft, epochEnd } of trainer.fit(data, { epochs, validation: test, signal: stopping.signal })) {
    const [{ clip, maximum }] = layers;
    postMessage({ kind: 'step', epoch, step, steps, loss, accuracy, gamma: clip / maximum, imagesPerSecond, secondsLeft });
    if (epochEnd !== undefined) postMessage({ kind: 'epoch', step, accuracy: epochEnd.validation.accuracy });
  }
  postMessage({ kind: 'compiling' });
  await trainer.restoreBest();
  const { graph } = await trainer.compile(data, { name: 'fashion' });
  const dyad = encodeDyad(graph);
  trainer.dispose();
  postMessage({ kind: 'done', dyad, flavour, ...(await classify(dyad, test, data.classNames)) });
}

/** The deployed network on the test pictures, as any page would run it. */
async function classify(dyad, { images, labels, count }, names) {
  const model = await load(dyad);
  const pictures = [];
  let right = 0;
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const data = images.subarray(PIXELS * i, PIXELS * (i + 1));
    const output = model.run({ width: 28, height: 28, channels: 1, data });
    const logits = output.toArray();
    output.dispose();
    const guess = logits.indexOf(Math.max(...logits));
    if (guess === labels[i]) right++;
    if (i < PICTURES) pictures.push({ pixels: data.slice(), label: names[labels[i]], guess: names[guess], share: softmaxAt(logits, guess) });
  }
  const milliseconds = (performance.now() - start) / count;
  model.dispose();
  return { accuracy: right / count, milliseconds, pictures };
}

function softmaxAt(logits, index) {
  return 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - logits[index]), 0);
}

async function dataset(part) {
  const [images, labels] = await Promise.all([file(`${part}-images-idx3-ubyte.gz`), file(`${part}-labels-idx1-ubyte.gz`)]);
  return idxDataset(part, images, labels, { classes: 10 });
}

/** Unpacked by the browser. */
async function file(name) {
  const packed = await fetched(name);
  const unpacked = new Response(packed.body.pipeThrough(new DecompressionStream('gzip')));
  return { name, bytes: new Uint8Array(await unpacked.arrayBuffer()) };
}

async function text(name) {
  return (await fetched(name)).text();
}

async function fetched(name) {
  const response = await fetch(new URL(`../fashion/${name}`, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}
