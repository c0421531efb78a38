/** The report: what it says, that it is whole and safe, and the parts that it is drawn with. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import { linearScale, logScale } from '../../ts/train/report/axis-scale.js';
import { apart } from '../../ts/train/report/line-chart.js';
import { renderReport } from '../../ts/train/report/report.js';
import { type LogLine, parseRunLog, type RunLog } from '../../ts/train/report/run-log.js';
import { armStyles } from '../../ts/train/report/style.js';
import { syntheticLog, type SyntheticRun } from './synthetic-log.js';

const jsonLines = (lines: readonly LogLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const log = (run: SyntheticRun): RunLog => parseRunLog(jsonLines(syntheticLog(run)), 'log.jsonl');
const LAYERS = ['conv2', 'conv3'];
const ARMS = [log({ arm: 'interval', ceiling: 0.92, epochs: 3, layers: LAYERS }), log({ arm: 'minmax', ceiling: 0.88, epochs: 3, layers: LAYERS }), log({ arm: 'f32', ceiling: 0.93, epochs: 3 })];

/** Opens and closes in order, and every attribute is quoted. */
function checkNesting(html: string): number {
  const open: string[] = [];
  let tags = 0;
  for (const [, slash, name, rest, empty] of html.replace(/<style>[\s\S]*?<\/style>/, '').matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<]*")?)*)\s*(\/?)>/g)) {
    tags++;
    assert.not(/=\s*[^"\s]/.test((rest ?? '').replace(/="[^"]*"/g, '')), `attributes of ${name}`);
    if (slash === '/') assert.is(open.pop(), name);
    else if (empty !== '/' && !['meta'].includes(name!)) open.push(name!);
  }
  assert.equal(open, []);
  return tags;
}

test('a page that is whole: nothing loaded, no script, every drawing named', () => {
  const html = renderReport(ARMS);
  assert.match(html, /^<!doctype html>\n<html lang="en">/);
  assert.not(/https?:|<script|<img|<link|@import|url\(|\son[a-z]+=/i.test(html));
  assert.not(/NaN|undefined|Infinity|\[object/.test(html));
  assert.ok(checkNesting(html) > 200);
  const drawings = [...html.matchAll(/<svg class="(?:large|small)"[^>]* role="img" aria-labelledby="(\S+) (\S+)">/g)];
  assert.is(drawings.length, 2 + 2 * 2 + 2 * 4 * 2 + 2, 'loss, accuracy; γ and clipped of 2 layers; 2 layers × 4 moments × 2 arms; 2 errors');
  const ids = [...html.matchAll(/ id="(\S+)"/g)].map((match) => match[1]!);
  assert.is(new Set(ids).size, ids.length, 'ids are unique');
  for (const [, title, description] of drawings) assert.ok(ids.includes(title!) && ids.includes(description!));
});

test('of epochs with the same accuracy the best is the one that the Trainer keeps: the lowest loss', () => {
  const [first] = ARMS;
  const epochs = [0.5, 0.2, 0.2, 0.4].map((testLoss, i) => ({ ...first!.epochs[0]!, epoch: i + 1, testAccuracy: 0.75, testLoss }));
  assert.match(renderReport([{ ...first!, epochs }]), /75\.00 % of the test pictures in epoch 2\b/);
});

test('it says who is ahead, and what float reaches', () => {
  const html = renderReport(ARMS);
  const best = (i: number): string => `${(Math.max(...ARMS[i]!.epochs.map(({ testAccuracy }) => testAccuracy)) * 100).toFixed(2)} %`;
  assert.ok(html.includes(`interval reaches ${best(0)} of the test pictures`));
  assert.ok(html.includes(`f32 in float reaches ${best(2)}.`));
  assert.match(html, /α\/\(2<sup>b<\/sup> − 1\) = 0\.0067 %/);
  for (const name of ['interval', 'minmax', 'f32']) assert.match(html, new RegExp(`<th scope="row">${name}</th>`));
});

test('arms as good as one another; no axis of accuracies goes beyond 100 %', () => {
  const perfect = (arm: Readonly<RunLog>): RunLog => ({ ...arm, epochs: arm.epochs.map((line) => ({ ...line, testAccuracy: 1 })) });
  const html = renderReport(ARMS.map(perfect));
  assert.match(html, /interval reaches 100\.00 % of the test pictures in epoch \d, as many as minmax, the next\./);
  assert.equal(linearScale([1, 1], 5, { within: [0, 1] }).ticks.map(({ text }) => text), ['0.5', '0.6', '0.7', '0.8', '0.9', '1.0']);
  assert.equal(linearScale([0, 0], 5, { within: [0, 1] }).ticks.at(0)?.value, 0);
  assert.not(html.includes('>150</text>') || html.includes('>160</text>') || html.includes('>120</text>'));
});

test('tiny losses have labels that fit beside the axis', () => {
  const run = ARMS[0]!;
  const html = renderReport([{ ...run, steps: run.steps.map((line, i) => ({ ...line, loss: 10 ** (-i / 2) })) }]);
  assert.match(html, />1e-\d<\/text>/);
  assert.not(/>0\.0000\d*<\/text>/.test(html));
});

test('names are text, whatever they hold', () => {
  const run = { ...ARMS[0]!.run, arm: '<b>"a"&\'', model: '</title><script>', data: '<i>' };
  const html = renderReport([{ ...ARMS[0]!, run }]);
  assert.not(/<b>|<i>|<script/.test(html));
  assert.ok(html.includes('&lt;b&gt;&quot;a&quot;&amp;&#39;'));
  checkNesting(html);
});

test('runs that stopped early, or never got anywhere', () => {
  const short: RunLog = { ...ARMS[0]!, epochs: [], steps: ARMS[0]!.steps.slice(0, 1), end: null };
  const html = renderReport([short]);
  assert.match(html, /No epoch was finished/);
  assert.match(html, /\(stopped\)/);
  assert.not(/NaN|undefined|Infinity/.test(html));
  assert.not(/NaN|undefined|Infinity/.test(renderReport([{ ...short, steps: [] }])));
  const zero = ARMS[0]!.steps.map((line) => ({ ...line, loss: NaN, layers: line.layers.map((layer) => ({ ...layer, maximum: 0, clip: 1e-8 })) }));
  assert.not(/[dxy]\d?="[^"]*NaN/.test(renderReport([{ ...ARMS[0]!, steps: zero }])), 'no coordinate is NaN');
  assert.match(renderReport([ARMS[2]!]), /resnet20 in 32-bit float: training/);
});

test('a deep network shows 12 layers and folds the others', () => {
  const layers = Array.from({ length: 20 }, (_, i) => `conv${i}`);
  const html = renderReport([log({ arm: 'interval', ceiling: 0.9, epochs: 2, layers })]);
  assert.is([...html.matchAll(/<summary>8 more layers<\/summary>/g)].length, 2);
  assert.match(html, /Gradients of conv10/);
});

test('a log with a torn last line is read, other damage is named', () => {
  const text = jsonLines(syntheticLog({ arm: 'interval', ceiling: 0.9, epochs: 2, layers: LAYERS }));
  const whole = parseRunLog(text, 'log.jsonl');
  assert.equal([whole.steps.length, whole.epochs.length, whole.end?.reason], [40, 2, 'done']);
  assert.equal(parseRunLog(text.slice(0, -9), 'log.jsonl').end, null);
  const refused = (damaged: string, message: RegExp): void =>
    assert.throws(() => parseRunLog(damaged, 'log.jsonl'), (error: unknown) => error instanceof DyadicError && error.code === 'ERR_FILE' && message.test(error.message));
  refused('', /expected a log that starts with a line of type run, got an empty file/);
  refused(`{"a":\n${text}`, /"log\.jsonl:1" expected a line of JSON, got \{"a":/);
  refused(`${text}{"type":"else"}\n`, /expected type run, step, epoch, end, got else/);
  refused(`${text}{"type":"epoch"}\n`, /a member epoch in a line of type epoch/);
  refused(text.slice(text.indexOf('\n') + 1), /got type step/);
});

test('what a resumed run did again counts once', () => {
  const lines = syntheticLog({ arm: 'interval', ceiling: 0.9, epochs: 2, layers: LAYERS });
  const [run, ...rest] = lines;
  const again = rest.filter((line) => line.type !== 'run' && line.step > 468);
  const resumed = parseRunLog(jsonLines([run!, ...rest.slice(0, -3), { ...run!, from: 468 } as LogLine, ...again]), 'log.jsonl');
  const whole = parseRunLog(jsonLines(lines), 'log.jsonl');
  assert.equal(resumed, whole);
});

test('axes end at round numbers', () => {
  const texts = (scale: { ticks: readonly { text: string }[] }): string[] => scale.ticks.map(({ text }) => text);
  assert.equal(texts(linearScale([0.61, 0.93], 4)), ['0.6', '0.7', '0.8', '0.9', '1.0']);
  assert.equal(texts(linearScale([0, 10], 5, { from: 0, to: 10 })), ['0', '2', '4', '6', '8', '10']);
  assert.equal(texts(linearScale([0, 3], 6, { from: 0, to: 3, isWhole: true })), ['0', '1', '2', '3']);
  assert.equal(texts(linearScale([5, 5], 4)).length > 1, true);
  assert.equal(texts(linearScale([], 4)).length > 1, true);
  const scale = logScale([0.03, 0.4], String);
  assert.equal(texts(scale), ['0.02', '0.05', '0.1', '0.2', '0.5']);
  assert.is(scale.at(0.02), 0);
  assert.ok(Math.abs(scale.at(0.1) - 0.5) < 1e-9);
  const withZero = logScale([0, 1e-5, 1e-1], String);
  assert.equal(withZero.ticks[0], { value: 0, text: '0' });
  assert.ok(withZero.at(0) === 0 && withZero.at(1e-5) > 0.1 && withZero.at(1e-9) > 0);
  const cut = logScale([1e-12, 1], String, 5);
  assert.ok(cut.at(1e-12) === 0 && cut.at(1e-5) === 0 && cut.at(1e-4) > 0.1, 'five powers of ten at most');
  assert.is(logScale([0, 0], String).at(0), 0);
  assert.ok(logScale([1], String).ticks.length > 1);
});

test('names at line ends do not overlap', () => {
  assert.equal(apart([10, 50], 13, 0, 100), [10, 50]);
  assert.equal(apart([50, 49, 51], 10, 0, 100), [59, 49, 69]);
  assert.equal(apart([99, 98], 10, 0, 100), [100, 90]);
});

test('a method has the same colour in every report', () => {
  assert.equal(armStyles(['minmax', 'f32', 'interval']), [1, 5, 0]);
  assert.equal(armStyles(['interval', 'mine', 'interval']), [0, 1, 2]);
});

test.run();
