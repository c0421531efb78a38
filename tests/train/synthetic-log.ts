/** Logs as runs would write them, from a generator: for tests of the report, and for looking at it. */
import type { LayerLine, LogLine, RunLine } from '../../ts/train/report/run-log.js';
import { generator } from './data-files.js';

export interface SyntheticRun {
  readonly arm: string;
  /** Accuracy that it nears. */
  readonly ceiling: number;
  readonly epochs?: number;
  readonly layers?: readonly string[];
  readonly imagesPerSecond?: number;
}

export const RESNET20_LAYERS: readonly string[] = [1, 2, 3].flatMap((stage) => [0, 1, 2].flatMap((block) => [1, 2].map((conv) => `layer${stage}.${block}.conv${conv}`)));

const STEPS = 468;
const LINES = 20;
const BINS = 64;

/** The lines of log.jsonl. */
export function syntheticLog({ arm, ceiling, epochs = 10, layers = RESNET20_LAYERS, imagesPerSecond = 480 }: SyntheticRun): LogLine[] {
  const random = generator(arm.length * 77 + Math.round(ceiling * 1000));
  const noise = (): number => random() / 2 ** 32 - 0.5;
  const isFloat = arm === 'f32';
  const lines: LogLine[] = [header(arm, epochs, isFloat)];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = 1; i <= LINES; i++) {
      const at = epoch + i / LINES;
      const loss = 2.3 * Math.exp(-at / 1.6) + 2.4 * (1 - ceiling) * (1 + 0.15 * noise());
      const watched = i === 1 || i === 11;
      lines.push({
        type: 'step',
        step: Math.round(at * STEPS),
        epoch: at,
        loss,
        accuracy: 1 - loss / 3,
        learningRate: 0.05 * (1 + Math.cos((Math.PI * at) / epochs)),
        layers: isFloat ? [] : layers.map((layer, l) => layerLine(layer, l / layers.length, arm, at, noise, watched)),
      });
    }
    const testAccuracy = ceiling - 0.35 * Math.exp(-(epoch + 1) / 1.8) + 0.012 * noise();
    const seconds = (STEPS * 128) / imagesPerSecond;
    lines.push({ type: 'epoch', epoch: epoch + 1, step: (epoch + 1) * STEPS, loss: 0.3, accuracy: testAccuracy + 0.01, testLoss: 0.4, testAccuracy, imagesPerSecond: imagesPerSecond * (1 + 0.03 * noise()), seconds });
  }
  lines.push({ type: 'end', epochs, step: epochs * STEPS, bestAccuracy: ceiling, bestEpoch: epochs, reason: 'done' });
  return lines;
}

function header(arm: string, epochs: number, isFloat: boolean): RunLine {
  return {
    type: 'run', arm, model: 'resnet20', bits: isFloat ? '32' : '4/4/4', data: 'fashion-mnist', trainCount: 60000, testCount: 10000, epochs, batch: 128, stepsPerEpoch: STEPS, seed: 1,
    optimizer: 'SGD 0.1, momentum 0.9, weight decay 0.0001', schedule: 'cosine', augment: 'flip, crop 4', alpha: 0.001, gradientBits: 4, host: 'Node 20.19, simd128', from: 0,
  };
}

function layerLine(layer: string, depth: number, arm: string, at: number, noise: () => number, watched: boolean): LayerLine {
  const settled = 0.25 + 0.45 * depth;
  const share = arm === 'minmax' ? 0 : (arm === 'interval' ? 0.001 / 15 : arm === 'dsgc' ? 0.004 : 0.012) * (1 + 0.5 * noise());
  const gamma = arm === 'minmax' ? 1 : Math.min(1, (arm === 'interval' ? settled : settled * (arm === 'dsgc' ? 0.7 : 0.4)) * (1 + 0.12 * noise()) + 0.2 * Math.exp(-at));
  const maximum = 0.02 * Math.exp(-at / 8) * (1 + depth);
  const histogram = Array.from({ length: BINS }, (_, i) => Math.round(4e5 * Math.exp(-(i / BINS) * (9 + 7 * (1 - depth))) * (1 + 0.4 * noise())));
  const largeError = (arm === 'interval' ? 0.02 : arm === 'minmax' ? 0.03 : arm === 'dsgc' ? 0.08 : 0.2) * (1 + 0.4 * noise()) * (1 + at / 20);
  const allError = (arm === 'minmax' ? 0.9 : arm === 'interval' ? 0.4 : 0.2) * (1 + 0.3 * noise());
  return { layer, count: 524288, maximum, clip: gamma * maximum, clipped: share, ...(watched ? { histogram, largeError, allError } : {}) };
}
