/** dyadic run: pictures through a .dyad file. */
import type { CAC } from 'cac';
import { DyadicError } from '../errors.js';
import { decodeDyad } from '../integer/dyad.js';
import type { IntegerGraph, Preprocess } from '../integer/integer-graph.js';
import { createIntegerProgram } from '../session/integer-program.js';
import type { Program } from '../session/program.js';
import { createEngine } from '../wasm/create-engine.js';
import { choiceOption, type RawOptions, UsageError, wholeOption } from './arguments.js';
import { decodeImage } from './decode-image.js';
import { toPixels } from './picture-sample.js';
import { readFile } from './pictures.js';
import { Progress } from './progress.js';
import { percent } from './quantities.js';
import { formatTable } from './table.js';

interface RunSettings {
  readonly top: number;
  readonly raw: boolean;
  readonly json: boolean;
  readonly flavour: 'auto' | 'relaxed' | 'simd128' | 'scalar';
}

interface Answer {
  readonly image: string;
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }[];
}

export function defineRun(cli: CAC): void {
  cli
    .command('run <model> [...images]', 'Run model.dyad on JPEG or PNG pictures: the five best classes of each')
    .usage('run <model> <image> [...images] [options]')
    .option('--raw', 'Print every number of every output instead')
    .option('--top <n>', 'How many classes (default: 5)')
    .option('--flavour <name>', 'auto (default), relaxed, simd128 or scalar')
    .option('--json', 'Print JSON, one line per picture')
    .example('  dyadic run model.dyad cat.jpg dog.png')
    .action((model: string, images: readonly string[], options: RawOptions) => runCommand(model, images, options));
}

async function runCommand(modelPath: string, images: readonly string[], options: RawOptions): Promise<void> {
  const settings: RunSettings = {
    top: wholeOption(options, 'top', 1) ?? 5,
    raw: options['raw'] === true,
    json: options['json'] === true,
    flavour: choiceOption(options, 'flavour', ['auto', 'relaxed', 'simd128', 'scalar'], 'auto'),
  };
  if (images.length === 0) throw new UsageError('which pictures? dyadic run model.dyad image…');
  const graph = decodeDyad(readFile(modelPath, 'run'));
  const preprocess = pictureInput(graph);
  const engine = await createEngine(undefined, { flavour: settings.flavour });
  const program = createIntegerProgram(engine, graph);
  const progress = new Progress();
  try {
    images.forEach((image, i) => {
      const answer = answerFor(program, preprocess, image);
      progress.clear();
      process.stdout.write(`${settings.json ? jsonLine(answer, preprocess, settings) : text(answer, graph, preprocess, settings, images.length > 1)}\n`);
      if (i + 1 < images.length) progress.update('pictures', i + 1, images.length);
    });
  } finally {
    progress.clear();
    program.dispose();
  }
}

/** How pictures enter; a network whose input is no picture cannot be run from here. */
function pictureInput(graph: IntegerGraph): Preprocess {
  const preprocess = graph.inputs.length === 1 ? graph.inputs[0]!.preprocess : null;
  if (preprocess !== null) return preprocess;
  const received = graph.inputs.map(({ name, value }) => `${name} [${graph.values[value]!.shape.join(', ')}]`).join(', ');
  throw new DyadicError('ERR_IMAGE', { op: 'run', argument: 'model', expected: 'a network that takes one picture', received: `inputs ${received} without a preprocess block` });
}

function answerFor(program: Program, preprocess: Preprocess, image: string): Answer {
  const pixels = toPixels(decodeImage(readFile(image, 'run'), image), preprocess);
  const results = program.run(new Map([[program.inputs[0]!.name, pixels]]));
  return { image, outputs: program.outputs.map(({ name, shape }) => ({ name, shape, data: results.get(name)! })) };
}

/** Positions of the largest numbers, best first; of equal ones the first. */
function best(data: Float32Array, count: number): number[] {
  return Array.from(data.keys()).sort((a, b) => data[b]! - data[a]! || a - b).slice(0, count);
}

/** One line of JSON per picture, so that long lists can be read as they come. */
function jsonLine({ image, outputs }: Answer, { labels }: Preprocess, { raw, top }: RunSettings): string {
  if (raw) return JSON.stringify({ image, outputs: outputs.map(({ name, shape, data }) => ({ name, shape, data: [...data] })) });
  const { data } = outputs[0]!;
  return JSON.stringify({ image, top: best(data, top).map((index) => ({ index, label: labels?.[index] ?? null, score: data[index] })) });
}

function text({ image, outputs }: Answer, graph: IntegerGraph, { labels }: Preprocess, { raw, top }: RunSettings, several: boolean): string {
  const title = several ? `${image}\n` : '';
  if (raw) return title + outputs.map(({ name, shape, data }) => `${name} [${shape.join(', ')}]\n${rows(data, shape.at(-1) ?? 1)}`).join('\n');
  const { data } = outputs[0]!;
  const isProbability = graph.outputs[0]!.softmax !== null;
  const columns = [{ title: 'class', align: 'right' as const }, { title: 'label' }, { title: isProbability ? 'probability' : 'score', align: 'right' as const }];
  const cells = best(data, top).map((index) => [String(index), labels?.[index] ?? '', isProbability ? percent(data[index]!) : data[index]!.toFixed(3)]);
  return title + formatTable(columns, cells) + (several ? '\n' : '');
}

/** One line per row of the last axis. */
function rows(data: Float32Array, length: number): string {
  const lines: string[] = [];
  for (let from = 0; from < data.length; from += length) lines.push(Array.from(data.subarray(from, from + length), (value) => value.toPrecision(7)).join(' '));
  return lines.join('\n');
}
