/** `dyadic train` as a person types it, on pictures made here. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDyad } from '../../ts/integer/dyad.js';
import { importOnnx } from '../../ts/onnx/import.js';
import { generator, idx } from '../train/data-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dyadic-train-'));
const data = join(folder, 'data');
const COMMON = ['--data', data, '--batch', '16', '--lr', '0.05', '--seed', '7', '--augment', 'crop:1'];

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const words = (more: readonly string[]): string[] => ['--import', 'tsx', 'ts/cli/main.ts', 'train', ...more];

function train(...more: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, words(more), { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** 12×12 gray pictures of four classes: a bright quarter on noise. */
function writeSet(prefix: string, count: number, seed: number): void {
  const random = generator(seed);
  const pixels = new Uint8Array(count * 144);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < 144; p++) {
      const quarter = (Math.floor(p / 72) << 1) | Number(p % 12 >= 6);
      pixels[i * 144 + p] = (random() % 110) + (quarter === labels[i] ? 90 : 0);
    }
  }
  writeFileSync(join(data, `${prefix}-images-idx3-ubyte`), idx([count, 12, 12], pixels));
  writeFileSync(join(data, `${prefix}-labels-idx1-ubyte`), idx([count], labels));
}

test.before(() => {
  mkdirSync(data);
  writeSet('train', 96, 1);
  writeSet('t10k', 40, 2);
  writeFileSync(join(data, 'classes.txt'), 'one\ntwo\nthree\nfour\n');
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

const run = (name: string): string => join(folder, name);

test('a run: JSON lines, checkpoints, the network in both formats, a report', () => {
  const { status, stdout, stderr } = train(...COMMON, '--epochs', '3', '-o', run('a'), '--json');
  assert.is(status, 0, stderr);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines.map((line) => line['epoch']), [1, 2, 3, undefined]);
  assert.match(stderr, /warning: conv2: 18432 gradients · alpha 0\.001 .* is below 1|^$/);
  const last = lines.at(-1)!;
  assert.equal([last['reason'], last['arm'], last['steps']], ['done', 'interval', 18]);
  assert.ok((last['bestAccuracy'] as number) > 0.9, `it learns: ${String(last['bestAccuracy'])}`);
  assert.ok(Math.abs((last['integerAccuracy'] as number) - (last['bestAccuracy'] as number)) <= 0.05, 'and keeps it in integers');
  for (const file of ['checkpoint.safetensors', 'best.safetensors', 'log.jsonl', 'run.json']) assert.ok(existsSync(join(run('a'), file)), file);
  const preprocess = decodeDyad(readFileSync(join(run('a'), 'model.dyad'))).inputs[0]!.preprocess;
  assert.equal([preprocess?.size, preprocess?.channels, preprocess?.labels], [[12, 12], 'gray', ['one', 'two', 'three', 'four']]);
  const report = readFileSync(join(run('a'), 'report.html'), 'utf8');
  assert.match(report, /cnn in 4\/4\/4 bits: training/);
});

test('the ONNX files: the weights alone, which import reads, and with the learned codes', async () => {
  assert.ok(readFileSync(join(run('a'), 'model.onnx')).includes('QuantizeLinear'));
  const graph = await importOnnx(readFileSync(join(run('a'), 'model.float.onnx')), { shapes: { input: [1, 1, 12, 12] } });
  assert.equal(graph.values.get(graph.outputs[0]!)?.shape, [1, 4]);
});

test('the same again is refused; longer is a matter of --resume', () => {
  const again = train(...COMMON, '-o', run('a'));
  assert.is(again.status, 2);
  assert.match(again.stderr, /holds a run already: go on with --resume/);
  const longer = train('--resume', run('a'), '--epochs', '4');
  assert.is(longer.status, 0, longer.stderr);
  assert.match(longer.stdout, /^epoch 4\/4 {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}test [\d.]+ %(, best so far)? {2}[\d,.]+ images\/s {2}\d:\d\d$/m);
  assert.not(/epoch [123]\/4/.test(longer.stdout));
  assert.match(longer.stdout, /model\.dyad [\d.]+ kB, [\d.]+ % of the test pictures in integers only/);
  const other = train('--resume', run('a'), '--batch', '32');
  assert.is(other.status, 2);
  assert.match(other.stderr, /--batch cannot change when a run is resumed \(it was 16\)/);
});

test('a batch larger than the data is said before anything is made; the advice names the command', () => {
  const { status, stderr } = train('--data', data, '-o', run('large'));
  assert.is(status, 2);
  assert.match(stderr, /^dyadic: --batch 128 is more than the 96 pictures to train on\nTry "dyadic train --help"\.$/m);
  assert.not(existsSync(run('large')));
});

// Node's recursive mkdir never ends in /proc.
test('a place where no folder can be made is said, at once', () => {
  if (process.platform !== 'linux') return;
  for (const place of ['/proc/dyadic-run', '/proc/dyadic-run/inner', '/dev/null/run']) {
    const { status, stderr } = train(...COMMON, '--epochs', '1', '-o', place);
    assert.is(status, 1);
    assert.match(stderr, new RegExp(`^dyadic: train: "${place}" expected a folder to write to, got .+ \\[ERR_FILE\\]$`, 'm'));
  }
});

/** Sends Ctrl-C when the log has so many lines. */
function interruptedTrain(path: string, lines: number, ...more: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, words([...more, '-o', path]), { cwd: root });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (said.stdout += String(text)));
  child.stderr.on('data', (text) => (said.stderr += String(text)));
  const log = join(path, 'log.jsonl');
  const watch = setInterval(() => {
    if (!existsSync(log) || readFileSync(log, 'utf8').split('\n').length <= lines) return;
    clearInterval(watch);
    child.kill('SIGINT');
  }, 5);
  return new Promise((resolve) => child.on('close', (status) => (clearInterval(watch), resolve({ status, ...said }))));
}

test('Ctrl-C saves; resumed, the run ends with the same bits', async () => {
  const options = [...COMMON, '--epochs', '12'];
  const { status, stdout, stderr } = await interruptedTrain(run('b'), 20, ...options);
  assert.is(status, 130, stderr);
  assert.match(stderr, /saving; once more quits at once/);
  assert.match(stdout, /go on with dyadic train --resume/);
  assert.not(existsSync(join(run('b'), 'model.dyad')));
  assert.is(train('--resume', run('b')).status, 0);
  const begun = [...readFileSync(join(run('b'), 'log.jsonl'), 'utf8').matchAll(/^\{"type":"run".*"from":(\d+)\}$/gm)].map((match) => Number(match[1]));
  assert.ok(begun.length === 2 && begun[0] === 0 && begun[1]! >= 18, `goes on where it stopped: ${begun.join()}`);
  assert.is(train(...options, '-o', run('c')).status, 0);
  for (const file of ['checkpoint.safetensors', 'best.safetensors', 'model.dyad', 'model.onnx']) {
    assert.ok(readFileSync(join(run('b'), file)).equals(readFileSync(join(run('c'), file))), file);
  }
  rmSync(join(run('c'), 'checkpoint.safetensors'));
  const again = train('--resume', run('c'));
  assert.is(again.status, 0, again.stderr);
  assert.match(again.stderr, /warning: .*checkpoint.safetensors is missing: the run begins again with its first epoch/);
  assert.ok(readFileSync(join(run('b'), 'model.dyad')).equals(readFileSync(join(run('c'), 'model.dyad'))), 'the same bits once more');
});

test('--compare trains each arm from the same seed and writes one report', () => {
  const { status, stdout, stderr } = train(...COMMON, '--epochs', '2', '--compare', 'interval,minmax,f32', '-o', run('d'));
  assert.is(status, 0, stderr);
  assert.equal([...stdout.matchAll(/^(\w+) +epoch (\d)\/2/gm)].map((match) => `${match[1]} ${match[2]}`), ['interval 1', 'interval 2', 'minmax 1', 'minmax 2', 'f32 1', 'f32 2']);
  const report = readFileSync(join(run('d'), 'report.html'), 'utf8');
  for (const arm of ['interval', 'minmax', 'f32']) {
    assert.match(report, new RegExp(`<th scope="row">${arm}</th>`));
    assert.ok(existsSync(join(run('d'), arm, 'model.dyad')));
  }
  const resumed = train('--resume', run('d'), '--json');
  assert.is(resumed.status, 0, resumed.stderr);
  assert.equal((JSON.parse(resumed.stdout) as { arms: { arm: string }[] }).arms.map(({ arm }) => arm), ['interval', 'minmax', 'f32']);
});

test('a network of one’s own', () => {
  const file = join(folder, 'own.mts');
  const library = join(root, 'ts/train/index.ts');
  writeFileSync(file, `import { Sequential, Conv2d, ReLU, GlobalAvgPool, Flatten, Linear } from '${library}';
export default ({ classes, shape, bits }) => new Sequential(new Conv2d({ in: shape[2], out: 8, kernel: 3, padding: 1, stride: 2 }), new ReLU(), new Conv2d({ in: 8, out: 8, kernel: 3, padding: 1, bits }), new ReLU(), new Flatten(), new Linear({ in: 8 * 36, out: classes }));`);
  const { status, stdout, stderr } = train(...COMMON, '--model', file, '--epochs', '1', '-o', run('e'));
  assert.is(status, 0, stderr);
  assert.match(stdout, /epoch 1\/1/);
  writeFileSync(join(folder, 'wrong.mjs'), 'export default 3;');
  const wrong = train(...COMMON, '--model', join(folder, 'wrong.mjs'), '-o', run('f'));
  assert.is(wrong.status, 1);
  assert.match(wrong.stderr, /default export.* expected a function .* got 3 \[ERR_ARGUMENT\]/);
});

test('mistakes: 2 for the command line, 1 for what it names', () => {
  for (const [options, message] of [
    [['--data', data], /-o DIR is missing/],
    [['-o', run('x')], /--data DIR is missing/],
    [['--data', data, '-o', run('x'), '--model', 'vgg'], /--model is one of cnn, resnet20, resnet56, mobilenetv2, or a FILE\.js, not "vgg"/],
    [['--data', data, '-o', run('x'), '--compare', 'interval,best'], /--compare is methods .*, not "best"/],
    [['--data', data, '-o', run('x'), '--epoch', '3'], /Unknown option/],
    [['--resume', run('a'), '-o', run('x')], /-o and --resume exclude each other/],
  ] as const) {
    const { status, stderr } = train(...options);
    assert.match(stderr, message);
    assert.is(status, 2, options.join(' '));
  }
  const damaged = train('--data', join(folder, 'nowhere'), '-o', run('x'));
  assert.is(damaged.status, 1);
  assert.match(damaged.stderr, /nowhere: nothing there \[ERR_DATASET\]/);
  assert.not(existsSync(run('x')));
  writeFileSync(join(run('a'), 'checkpoint.safetensors'), 'damaged');
  const { status, stderr } = train('--resume', run('a'));
  assert.is(status, 1);
  assert.match(stderr, /\[ERR_CHECKPOINT\]/);
});

test.run();
