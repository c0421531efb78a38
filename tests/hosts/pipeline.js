/**
 * What every host trains: one epoch of the embedded Fashion-MNIST pictures at 4/4/4, compiled to a .dyad here, and run on test pictures. Plain JavaScript without imports of its
 * own, so that one file serves Node, workerd, a page and a worker.
 */

const BITS = { weight: 4, activation: 4, gradient: 4 };
const STEPS = 50;
const PICTURES = 64;
const PIXELS = 28 * 28;

/**
 * @param {typeof import('dyadic')} dyadic the package as this host resolves it
 * @param {typeof import('dyadic/train')} train
 * @param {Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', Uint8Array>} files IDX
 * @returns {Promise<{ checkpoint: string, dyad: string, logits: string, accuracy: number }>} SHA-256 of the checkpoint after 50 steps, of the .dyad after the epoch, and of what it
 * answers; the share of the test pictures that it classifies right
 */
export async function pipeline(dyadic, train, files) {
  const named = (name) => ({ name, bytes: files[name] });
  const data = train.idxDataset('train', named('trainImages'), named('trainLabels'), { classes: 10 });
  const test = train.idxDataset('test', named('testImages'), named('testLabels'), { classes: 10 });
  const trainer = new train.Trainer(train.cnn({ classes: 10, bits: BITS }), { optimizer: train.sgd({ learningRate: 0.02, momentum: 0.9 }), batch: 64, seed: 5 });
  let checkpoint = '';
  for await (const { step } of trainer.fit(data, { epochs: 1 })) if (step + 1 === STEPS) checkpoint = await sha256(await trainer.save());
  const { graph } = await trainer.compile(data, { name: 'fashion' });
  trainer.dispose();
  const file = train.encodeDyad(graph);
  return { checkpoint, dyad: await sha256(file), ...(await deployed(dyadic, file, test)) };
}

/** Runs the file as any user of it would: by `dyadic` alone. */
async function deployed(dyadic, file, { images, labels }) {
  const model = await dyadic.load(file);
  const answers = new Float32Array(10 * PICTURES);
  let right = 0;
  for (let i = 0; i < PICTURES; i++) {
    const output = model.run({ width: 28, height: 28, channels: 1, data: images.subarray(PIXELS * i, PIXELS * (i + 1)) });
    const logits = output.toArray();
    output.dispose();
    answers.set(logits, 10 * i);
    if (logits.indexOf(Math.max(...logits)) === labels[i]) right++;
  }
  model.dispose();
  return { logits: await sha256(new Uint8Array(answers.buffer)), accuracy: right / PICTURES };
}

async function sha256(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes.slice());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
