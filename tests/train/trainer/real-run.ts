/** A small run with everything in it: 4-bit layers, batch norm, a shortcut, augmentation, a schedule, both optimizers. */
import { adam, sgd } from '../../../ts/train/optimizer/optimizer.js';
import { interval } from '../../../ts/train/gradient/interval.js';
import { resnet20 } from '../../../ts/train/models/resnet-cifar.js';
import type { Module } from '../../../ts/train/modules/module.js';
import { cosine, warmUp } from '../../../ts/train/schedule/schedule.js';
import { createTrainEngine } from '../../../ts/train/trainer/create-train-engine.js';
import { Trainer, type TrainerOptions } from '../../../ts/train/trainer/trainer.js';
import type { Engine, Flavour } from '../../../ts/wasm/engine.js';
import { trainingModuleBytes } from '../../engine/flavours.js';
import { bitsOf, pictures } from './sample-data.js';

export const BITS = { weight: 4, activation: 4, gradient: 4 } as const;
export const CLASSES = 4;
/** 5 steps of 16 and one sample left out. */
export const DATA = pictures({ count: 81, shape: [8, 8, 3], classes: CLASSES });
export const TEST = pictures({ count: 21, shape: [8, 8, 3], classes: CLASSES, seed: 2 });
export const EPOCHS = 4;
export const OPTIONS: TrainerOptions = {
  gradient: interval(),
  batch: 16,
  seed: 11,
  augment: { horizontalFlip: true, cropPadding: 1 },
  optimizer: { weights: sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 }), intervals: adam({ learningRate: 1e-3 }) },
  schedule: warmUp({ epochs: 1, then: cosine({ epochs: EPOCHS }) }),
};

export const model = (): Module => resnet20({ classes: CLASSES, width: 0.25, bits: BITS });

export function trainEngine(flavour: Flavour | 'auto'): Promise<Engine> {
  return createTrainEngine({ flavour }, trainingModuleBytes);
}

export async function bitsAfter20Steps(flavour: Flavour): Promise<string> {
  using trainer = new Trainer(model(), { ...OPTIONS, engine: await trainEngine(flavour) });
  await trainer.train(DATA, { epochs: EPOCHS, validation: TEST });
  return await bitsOf(trainer);
}
