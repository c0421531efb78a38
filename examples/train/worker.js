/** Trains in a worker. In a project with a bundler the import is `from 'dyadic/train'`, and `load` comes from 'dyadic'. */
import { load } from '../../dist/entry/browser.js';
import { cnn, cosine, createTrainEngine, encodeDyad, idxDataset, interval, sgd, Trainer } from '../../dist/entry/train-browser.js';

/** A line of a chart has no more points than this; more messages would only cost time. */
const POINTS = 300;

const stop = new AbortController();
onmessage = ({ data }) => {
  if (data === 'stop') stop.abort('the button');
  else run(data).catch((error) => postMessage({ kind: 'error', message: String(error) }));
};

async function run({ epochs }) {
  const [data, validation, labels] = await Promise.all([dataset('train'), dataset('test'), text('labels.txt')]);
  const engine = await createTrainEngine();
  const model = cnn({ classes: 10, channels: 1, bits: { weight: 4, activation: 4, gradient: 4 } });
  const trainer = new Trainer(model, { gradient: interval(), optimizer: sgd({ learningRate: 0.02, momentum: 0.9, weightDecay: 1e-4 }), schedule: cosine({ epochs }), batch: 64, seed: 1, engine });
  try {
    await train(trainer, data, validation, epochs);
  } catch (error) {
    if (error.code !== 'ERR_ABORTED') throw error;
    postMessage({ kind: 'stopped', step: trainer.step });
    return;
  }
  await trainer.restoreBest();
  const { graph } = await trainer.compile({ ...data, classNames: labels.trim().split('\n') }, { name: 'fashion' });
  const dyad = encodeDyad(graph);
  trainer.dispose();
  postMessage({ kind: 'done', dyad, accuracy: await integerAccuracy(dyad, validation), flavour: engine.flavour });
}

async function train(trainer, data, validation, epochs) {
  for await (const { epoch, step, steps, loss, layers, imagesPerSecond, secondsLeft, epochEnd } of trainer.fit(data, { epochs, validation, signal: stop.signal })) {
    if (epochEnd !== undefined) postMessage({ kind: 'epoch', accuracy: epochEnd.validation.accuracy });
    const isShown = step % Math.ceil(steps / POINTS) === 0 || step + 1 === steps;
    if (isShown) postMessage({ kind: 'steps', epoch, step, steps, loss, gamma: layers[0].clip / layers[0].maximum, imagesPerSecond, secondsLeft });
  }
}

/** The deployed network on the test pictures, as any page would run it. */
async function integerAccuracy(dyad, { images, labels, count }) {
  const model = await load(dyad);
  let right = 0;
  for (let i = 0; i < count; i++) {
    const scores = model.run({ width: 28, height: 28, channels: 1, data: images.subarray(784 * i, 784 * (i + 1)) });
    const logits = scores.toArray();
    scores.dispose();
    if (logits.indexOf(Math.max(...logits)) === labels[i]) right++;
  }
  model.dispose();
  return right / count;
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
