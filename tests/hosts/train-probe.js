/** What every host trains: 50 steps in 4 bits, stopped and resumed in the middle. Plain JavaScript without imports, so that one file serves Node, a page and a worker. */

const CLASSES = 4;
const SIDE = 12;
const BITS = { weight: 4, activation: 4, gradient: 4 };
const STEPS = 50;
const STOP = 17;

/**
 * @param {typeof import('dyadic/train')} train the package as this host resolves it
 * @returns {Promise<{ flavour: string, hash: string, accuracy: number, turns: number }>} SHA-256 of the checkpoint after 50 steps; how many turns a timer got meanwhile
 */
export async function trainProbe(train) {
  const engine = await train.createTrainEngine();
  const [data, test] = [pictures(330, 1), pictures(100, 2)];
  const model = () => train.cnn({ classes: CLASSES, size: [SIDE, SIDE], bits: BITS });
  const options = { engine, batch: 32, seed: 3, augment: { cropPadding: 1 }, optimizer: train.sgd({ learningRate: 0.05, momentum: 0.9 }), schedule: train.cosine({ epochs: 5 }) };
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const first = new train.Trainer(model(), options);
  for await (const { step } of first.fit(data, { epochs: 5 })) if (step + 1 === STOP) break;
  const second = await train.Trainer.resume(await first.save(), model(), { engine });
  await second.train(data, { epochs: 5 });
  clearInterval(timer);
  if (second.step !== STEPS) throw new Error(`${second.step} steps`);
  const { accuracy } = await second.evaluate(test);
  const hash = await sha256(await second.save());
  first.dispose();
  second.dispose();
  return { flavour: engine.flavour, hash, accuracy, turns };
}

/** Noise with a brighter column per class. */
function pictures(count, seed) {
  let state = seed;
  const random = (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const labels = Int32Array.from({ length: count }, () => random(CLASSES));
  const images = Uint8Array.from({ length: count * SIDE * SIDE }, (_, i) => random(128) + (i % SIDE === 2 * labels[Math.floor(i / (SIDE * SIDE))] ? 127 : 0));
  return { name: 'columns', count, shape: [SIDE, SIDE, 1], images, labels, classes: CLASSES };
}

async function sha256(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
