/** Which files a run writes, and in which order: a process may be lost between any two of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readTrainingData } from '../../ts/cli/train-data.js';
import { BEST, CHECKPOINT, RunFolder } from '../../ts/cli/train-folder.js';
import { trainArm } from '../../ts/cli/train-run.js';
import { trainSettings } from '../../ts/cli/train-settings.js';
import { setTrainingLoader } from '../../ts/wasm/loader.js';
import { trainingModuleBytes } from '../engine/flavours.js';
import { generator, idx } from '../train/data-files.js';

setTrainingLoader(trainingModuleBytes);
const root = mkdtempSync(join(tmpdir(), 'dyadic-train-run-'));
test.after(() => rmSync(root, { recursive: true, force: true }));

/** Noise, of which there is nothing to learn: so some epochs are better than those before, and some are not. */
function writeNoise(folder: string): void {
  mkdirSync(folder);
  const random = generator(3);
  for (const [prefix, count] of [['train', 96], ['t10k', 40]] as const) {
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), idx([count, 12, 12], Uint8Array.from({ length: count * 144 }, () => random() % 256)));
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), idx([count], Uint8Array.from({ length: count }, (_, i) => i % 4)));
  }
}

class Recorded extends RunFolder {
  readonly written: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  override write(name: string, bytes: Uint8Array): void {
    this.written.push({ name, bytes });
    super.write(name, bytes);
  }
}

test('the best epoch is written before the checkpoint that says so, and by nothing else', async () => {
  writeNoise(join(root, 'data'));
  const settings = trainSettings({ data: join(root, 'data'), epochs: '6', batch: '16', lr: '0.05', saveEvery: '4' });
  const folder = new Recorded(join(root, 'run')).make();
  const isBest: boolean[] = [];
  const say = { epoch: (_: string, json: object) => void isBest.push((json as { isBest: boolean }).isBest), warning: () => undefined };
  const data = readTrainingData(settings.folder, settings.data);
  const { trainer } = await trainArm({ arm: 'interval', label: '', folder, settings, data, checkpoint: null, hasNewRates: false, signal: new AbortController().signal, say });
  trainer.dispose();
  assert.ok(isBest[0] === true && isBest.includes(false), `epochs of both kinds: ${isBest.join()}`);
  const names = folder.written.map(({ name }) => name);
  // Six steps an epoch, a checkpoint after every fourth: one or two before the end of an epoch.
  const saved = (epoch: number): string[] => Array.from({ length: Math.floor((6 * (epoch + 1) - 1) / 4) - Math.floor((6 * epoch) / 4) }, () => CHECKPOINT);
  assert.equal(names, isBest.flatMap((best, epoch) => [...saved(epoch), ...(best ? [BEST] : []), CHECKPOINT]));
  folder.written.forEach(({ name, bytes }, i) => name === BEST && assert.is(folder.written[i + 1]?.bytes, bytes, 'the same run in both'));
});

test.run();
