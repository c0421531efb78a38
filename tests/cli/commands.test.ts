/** The commands as a person types them: exit codes, what goes to stdout and what to stderr. */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode as encodePng } from 'fast-png';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFashion } from '../../examples/fashion/read.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const model = join(root, 'examples/fashion/model.onnx');
const labels = join(root, 'examples/fashion/labels.txt');
const folder = mkdtempSync(join(tmpdir(), 'dyadic-cli-'));
const pictures = join(folder, 'pictures');
const dyad = join(folder, 'model.dyad');

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function dyadic(...words: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'ts/cli/main.ts', ...words], { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The options under which the example was trained. */
const LEARNED = ['--mean', '0.286', '--std', '0.353'];

test.before(() => {
  mkdirSync(join(pictures, 'more'), { recursive: true });
  readFashion('calibration').images.slice(0, 30).forEach((data, i) => {
    const name = join(pictures, i % 2 === 0 ? 'more' : '.', `${String(i).padStart(3, '0')}.png`);
    writeFileSync(name, encodePng({ width: 28, height: 28, channels: 1, depth: 8, data }));
  });
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('quantize writes a file and prints every layer, worst first', () => {
  const { status, stdout, stderr } = dyadic('quantize', model, '--calibrate', pictures, ...LEARNED, '--bits', 'w4a8', '--labels', labels, '-o', dyad);
  assert.is(stderr, '');
  assert.is(status, 0);
  assert.match(stdout, /^layer, worst first .*SQNR.*weights.*requantization.*8 bits because/);
  assert.match(stdout, /4 bit/);
  assert.match(stdout, /pictures +30, as 28×28 gray, fit crop, mean 0\.286, std 0\.353/);
  assert.ok(readFileSync(dyad).length > 10_000);
  const decibels = [...stdout.matchAll(/([\d.]+) dB {2,}/g)].map((match) => Number(match[1]));
  assert.equal(decibels, [...decibels].sort((a, b) => a - b), 'sorted by SQNR');
});

test('the same command writes the same bytes; --json is one object', () => {
  const [again, old] = [join(folder, 'again.dyad'), join(folder, 'old.dyad')];
  writeFileSync(again, 'old');
  linkSync(again, old);
  const { status, stdout, stderr } = dyadic('quantize', model, '--calibrate', pictures, ...LEARNED, '--bits', 'w4a8', '--labels', labels, '-o', again, '--json');
  assert.is(status, 0, stderr);
  assert.ok(readFileSync(again).equals(readFileSync(dyad)));
  assert.is(readFileSync(old, 'utf8'), 'old', 'another file took its name: a full disk would have left it');
  const report = JSON.parse(stdout) as { bytes: number; agreement: number; layers: { name: string }[] };
  assert.is(report.bytes, readFileSync(dyad).length);
  assert.ok(report.agreement > 0.8 && report.layers.length >= 7);
});

test('a network that lost its accuracy is announced on stderr', () => {
  const lost = join(folder, 'lost.dyad');
  const { status, stdout, stderr } = dyadic('quantize', model, '--calibrate', pictures, ...LEARNED, '--calibration', 'percentile', '--percentile', '51', '-o', lost);
  assert.is(status, 0);
  assert.match(stderr, /warning: the integer network agrees with float on only [\d.]+ % of 30 calibration samples/);
  assert.match(stdout, /agrees with float/);
});

test('run: five classes with labels, JSON lines, raw numbers', () => {
  const images = [join(pictures, '001.png'), join(pictures, 'more', '000.png')];
  const plain = dyadic('run', dyad, images[0]!);
  assert.is(plain.status, 0, plain.stderr);
  assert.match(plain.stdout, /^class {2}label +score\n/);
  assert.is(plain.stdout.trim().split('\n').length, 2 + 5);
  const json = dyadic('run', dyad, ...images, '--json', '--top', '2');
  const rows = json.stdout.trim().split('\n').map((line) => JSON.parse(line) as { image: string; top: { label: string }[] });
  assert.equal(rows.map(({ image, top }) => [image, top.length]), images.map((image) => [image, 2]));
  assert.ok(readFileSync(labels, 'utf8').includes(rows[0]!.top[0]!.label));
  const raw = dyadic('run', dyad, images[0]!, '--raw');
  assert.match(raw.stdout, /^logits \[1, 10\]\n(-?[\d.e-]+ ){9}/);
  const scalar = dyadic('run', dyad, images[0]!, '--raw', '--flavour', 'scalar');
  assert.is(scalar.stdout, raw.stdout);
});

test('inspect --program: the kernels that were chosen, and what the choice costs', () => {
  const table = dyadic('inspect', dyad, '--program', '--flavour', 'simd128');
  assert.is(table.status, 0, table.stderr);
  assert.match(table.stdout, /flavour simd128, memory balanced/);
  assert.match(table.stdout, /conv2d +i16/);
  type Report = { weightBytes: number; flavour: string; steps: { kernels: string[]; weightBytes: number }[] };
  const program = (...words: string[]): Report => JSON.parse(dyadic('inspect', dyad, '--program', '--flavour', 'simd128', '--json', ...words).stdout) as Report;
  const [balanced, fast] = [program(), program('--memory', 'fast')];
  assert.is(balanced.flavour, 'simd128');
  assert.ok(balanced.steps.reduce((sum, { weightBytes }) => sum + weightBytes, 0) <= balanced.weightBytes);
  assert.ok(fast.weightBytes >= balanced.weightBytes);
  assert.match(dyadic('inspect', model, '--program').stderr, /quantize the \.onnx file first/);
  assert.is(dyadic('inspect', dyad, '--program', '--memory', 'huge').status, 2);
});

test('inspect: both formats, table and JSON', () => {
  const integer = dyadic('inspect', dyad);
  assert.is(integer.status, 0, integer.stderr);
  assert.match(integer.stdout, /pictures 28×28 gray, crop, mean 0\.286, std 0\.353, 10 labels/);
  assert.match(integer.stdout, /conv2d +1×16×28×28/);
  const float = JSON.parse(dyadic('inspect', model, '--json').stdout) as { format: string; totals: { macs: number; fileBytes: number } };
  assert.is(float.format, 'onnx');
  assert.is(float.totals.macs, 2_403_600);
  const json = JSON.parse(dyadic('inspect', dyad, '--json').stdout) as { totals: { macs: number } };
  assert.is(json.totals.macs, 2_403_600);
});

test('--help and --version: exit code 0, on stdout', () => {
  for (const words of [['--help'], ['quantize', '--help'], ['run', '--help'], ['inspect', '--help']]) {
    const { status, stdout, stderr } = dyadic(...words);
    assert.equal([status, stderr], [0, ''], words.join(' '));
    assert.match(stdout, /Usage:/);
  }
  assert.match(dyadic('--version').stdout, /^dyadic\/\d+\.\d+\.\d+/);
});

const usage: readonly (readonly [string[], RegExp])[] = [
  [[], /which command/],
  [['quantise'], /no command "quantise"; there are quantize, run, train, inspect/],
  [['quantize'], /missing required args/],
  [['quantize', model], /--calibrate DIR is missing/],
  [['quantize', model, '--calibrate', 'x', '--bits', 'w2a2'], /--bits is one of w8a8, w4a8, w4a4, not "w2a2"/],
  [['quantize', model, '--calibrate', 'x', '--colour'], /Unknown option `--colour`/],
  [['run', dyad], /which pictures/],
  [['inspect', 'a', 'b'], /Unused args: `b`/],
];

test('mistakes in the command line: exit code 2, on stderr', () => {
  for (const [words, message] of usage) {
    const { status, stdout, stderr } = dyadic(...words);
    assert.equal([status, stdout], [2, ''], words.join(' '));
    assert.match(stderr, message);
  }
});

test('failures: exit code 1, one typed error on stderr', () => {
  const empty = join(folder, 'empty');
  const damaged = join(folder, 'damaged');
  const textFile = join(folder, 'three.txt');
  mkdirSync(empty);
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'a.png'), 'no picture');
  writeFileSync(textFile, 'one\ntwo\nthree\n');
  const failures: readonly (readonly [string[], RegExp])[] = [
    [['quantize', model, '--calibrate', join(folder, 'nowhere')], /nowhere: nothing there \[ERR_CALIBRATION\]/],
    [['quantize', model, '--calibrate', empty], /with no files \[ERR_CALIBRATION\]/],
    [['quantize', model, '--calibrate', damaged], /^dyadic: quantize: .*none of \d+ \[ERR_CALIBRATION\]\n {2}decodeImage: .*a\.png/],
    [['quantize', model, '--calibrate', pictures, '--size', '32'], /expected the model's 28x28, got 32x32 \[ERR_SHAPE\]/],
    [['quantize', model, '--calibrate', pictures, '--mean', '1,2,3'], /--mean" expected 1 number, got 3 \[ERR_ARGUMENT\]/],
    [['quantize', model, '--calibrate', pictures, '--channels', 'bgr'], /gray for a model with 1 input channel, got bgr \[ERR_ARGUMENT\]/],
    [['quantize', model, '--calibrate', pictures, '--std', '0'], /numbers above 0, got 0 \[ERR_ARGUMENT\]/],
    [['quantize', model, '--calibrate', pictures, '--labels', textFile], /expected 10 lines.*got 3 \[ERR_ARGUMENT\]/],
    [['quantize', model, '--calibrate', pictures, '-o', join(folder, 'nowhere', 'x.dyad')], /got no folder .*nowhere \[ERR_FILE\]/],
    [['quantize', labels, '--calibrate', pictures], /\[ERR_ONNX_(PARSE|INVALID)\]/],
    [['run', join(folder, 'no.dyad'), 'x.png'], /nothing there \[ERR_FILE\]/],
    [['run', model, 'x.png'], /expected a \.dyad file, got one that begins with .*\[ERR_DYAD_PARSE\]/],
    [['run', dyad, textFile], /three\.txt" expected a JPEG or PNG file, got a file that starts with bytes 6f 6e 65 0a \[ERR_IMAGE\]/],
    [['inspect', labels], /\[ERR_DYAD_PARSE\]/],
  ];
  for (const [words, message] of failures) {
    const { status, stdout, stderr } = dyadic(...words);
    assert.equal([status, stdout], [1, ''], `${words.join(' ')}\n${stderr}`);
    assert.match(stderr, message);
    assert.not.match(stderr, / at .*\.ts:\d+/);
  }
});

test.run();
