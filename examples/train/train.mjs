/**
 * Trains the small network with 4-bit weights, activations and gradients on the example's pictures, and writes it as an integer-only .dyad file.
 *
 *   npm run build && node examples/train/train.mjs [epochs] [model.dyad]
 */
import { writeFileSync } from 'node:fs';
import { cnn, cosine, encodeDyad, interval, sgd, Trainer } from 'dyadic/train';
import { fashionDataset } from '../fashion/read.mjs';

const epochs = Number(process.argv[2] ?? 8);
const output = process.argv[3];

const data = fashionDataset('train');
const validation = fashionDataset('test');

const model = cnn({ classes: data.classes, channels: 1, bits: { weight: 4, activation: 4, gradient: 4 } });
const trainer = new Trainer(model, {
  gradient: interval({ alpha: 1e-3 }),
  optimizer: sgd({ learningRate: 0.02, momentum: 0.9, weightDecay: 1e-4 }),
  schedule: cosine({ epochs }),
  batch: 64,
  seed: 1,
});

for await (const { epochEnd, imagesPerSecond, layers } of trainer.fit(data, { epochs, validation })) {
  if (epochEnd === undefined) continue;
  const { clip, maximum } = layers[0];
  const numbers = [`loss ${epochEnd.loss.toFixed(3)}`, `test ${(100 * epochEnd.validation.accuracy).toFixed(1)} %`, `γ ${(clip / maximum).toFixed(3)}`, `${Math.round(imagesPerSecond)} images/s`];
  console.log(`epoch ${epochEnd.epoch + 1}/${epochs}  ${numbers.join('  ')}`);
}

await trainer.restoreBest();
const { graph } = await trainer.compile(data, { name: 'fashion' });
const file = encodeDyad(graph);
if (output !== undefined) writeFileSync(output, file);
console.log(`best epoch ${trainer.best.epoch + 1}: ${(100 * trainer.best.accuracy).toFixed(1)} %; integer-only network of ${file.length} bytes${output === undefined ? '' : ` in ${output}`}`);
trainer.dispose();
