/** dyadic quantize: ONNX and a folder of pictures to a .dyad file and a report. */
import type { CAC } from 'cac';
import { lstatSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DyadicError } from '../errors.js';
import { encodeDyad } from '../integer/dyad.js';
import type { QuantizeOptions, QuantizeProgress } from '../quantize/options.js';
import type { Graph } from '../graph/graph.js';
import { hasFixedCodes } from '../quantize/fixed/fold-fixed-weights.js';
import { quantize } from '../quantize/quantize.js';
import type { LayerReport, QuantizeReport } from '../quantize/report.js';
import { choiceOption, percentileOption, type RawOptions, textOption, UsageError, wholeOption } from './arguments.js';
import { importSized } from './import-sized.js';
import { toSample } from './picture-sample.js';
import { type PictureOptions, pictureOptions, preprocessFor } from './picture-settings.js';
import { listPictures, loadPictures, readFile, reasonOf } from './pictures.js';
import { Progress } from './progress.js';
import { bytes, decibels, percent } from './quantities.js';
import { formatTable } from './table.js';
import { writeAtomically } from './write-atomically.js';

const PHASES: Record<QuantizeProgress['phase'], string> = { ranges: 'calibrating', histograms: 'calibrating, histograms', compare: 'comparing with float' };

/** The options of `quantize` that are the same for `npm start -- model.onnx`. */
export interface QuantizeSettings {
  readonly folder: string;
  readonly limit: number | undefined;
  readonly pictures: PictureOptions;
  readonly quantize: QuantizeOptions;
}

export function defineQuantize(cli: CAC): void {
  cli
    .command('quantize <model>', 'Turn model.onnx into an integer-only model.dyad, calibrated on a folder of pictures')
    .usage('quantize <model> --calibrate <dir> [options]')
    .option('-o, --output <file>', 'The .dyad file to write (default: the model\'s name with .dyad)')
    .option('--calibrate <dir>', 'Folder of JPEG and PNG pictures, subfolders included')
    .option('--limit <n>', 'Use only the first n pictures by name')
    .option('--bits <mode>', 'w8a8 (default), w4a8 or w4a4')
    .option('--activations <type>', 'u8 (default) or n8, codes up to 127')
    .option('--calibration <method>', 'minmax (default), percentile or mse')
    .option('--percentile <p>', 'Share of values inside the range, for percentile (default: 99.99)')
    .option('--bias-correction', 'Move the mean error of quantized weights into the bias')
    .option('--requantization <form>', 'auto (default) or exact, in 64 bits')
    .option('--size <WxH>', 'Picture size, where the model leaves it open (default: the model\'s)')
    .option('--mean <a,b,c>', 'Subtracted from pixel/255, per channel (default: 0)')
    .option('--std <a,b,c>', 'Divided by afterwards, per channel (default: 1)')
    .option('--channels <order>', 'rgb, bgr or gray (default: rgb, gray if the model has 1 channel)')
    .option('--fit <how>', 'crop (default): shorter side, then the centre; stretch: both sides')
    .option('--labels <file>', 'Class names, one per line, kept in the .dyad file')
    .option('--json', 'Print the report as JSON')
    .example('  dyadic quantize model.onnx --calibrate images/ --bits w4a8 --mean .485,.456,.406 --std .229,.224,.225 -o model.dyad')
    .example('  (a list that starts with a minus sign is written --mean=-1,0,0)')
    .action((model: string, options: RawOptions) => quantizeCommand(model, options));
}

/** Checks everything that can be checked before a file is opened; throws UsageError. */
export function quantizeSettings(options: RawOptions): QuantizeSettings {
  const folder = textOption(options, 'calibrate');
  if (folder === undefined) throw new UsageError('--calibrate DIR is missing: quantizing needs pictures to learn ranges from');
  const calibrate = choiceOption(options, 'calibration', ['minmax', 'percentile', 'mse'], 'minmax');
  const percentile = percentileOption(options, 'percentile');
  if (percentile !== undefined && calibrate !== 'percentile') throw new UsageError('--percentile needs --calibration percentile');
  return {
    folder,
    limit: wholeOption(options, 'limit', 1),
    pictures: pictureOptions(options),
    quantize: {
      bits: choiceOption(options, 'bits', ['w8a8', 'w4a8', 'w4a4'], 'w8a8'),
      activations: choiceOption(options, 'activations', ['u8', 'n8'], 'u8'),
      calibrate,
      ...(percentile === undefined ? {} : { percentile }),
      biasCorrection: options['biasCorrection'] === true,
      requantization: choiceOption(options, 'requantization', ['auto', 'exact'], 'auto'),
    },
  };
}

async function quantizeCommand(modelPath: string, options: RawOptions): Promise<void> {
  const settings = quantizeSettings(options);
  const output = textOption(options, 'output') ?? modelPath.replace(/(\.onnx)?$/i, '.dyad');
  checkFolderOf(output);
  const graph = await importSized(readFile(modelPath, 'quantize'), settings.pictures.size);
  const preprocess = preprocessFor(graph, settings.pictures);
  const progress = new Progress();
  const samples = calibrationSamples(settings, preprocess, progress);
  const result = await quantize(graph, samples, {
    ...settings.quantize,
    preprocess,
    onProgress: ({ phase, done, total }) => progress.update(PHASES[phase], done, total),
  }).finally(() => progress.clear());
  const file = encodeDyad(result.graph);
  writeOutput(output, file);
  warn(result.report);
  if (options['json'] === true) {
    process.stdout.write(`${JSON.stringify({ output, bytes: file.length, preprocess, ...finite(result.report) })}\n`);
    return;
  }
  process.stdout.write(`${reportText(output, file.length, modeText(graph, settings), preprocess, result.report)}\n`);
}

/** `W4A8`; of a network that is quantized already, that its codes are kept. */
function modeText(graph: Graph, { quantize: { bits = 'w8a8' } }: QuantizeSettings): string {
  return hasFixedCodes(graph) ? `the file's codes, else ${bits.toUpperCase()}` : bits.toUpperCase();
}

/** Decoded, resized and normalised pictures; damaged ones are named on stderr and left out. */
export function calibrationSamples({ folder, limit }: QuantizeSettings, preprocess: Parameters<typeof toSample>[1], progress: Progress): Float32Array[] {
  const paths = listPictures(folder).slice(0, limit);
  const { pictures, failures } = loadPictures(paths, (done) => progress.update('reading pictures', done, paths.length));
  progress.clear();
  if (pictures.length === 0) {
    const details = failures.map(({ message }) => message);
    throw new DyadicError('ERR_CALIBRATION', { op: 'quantize', argument: '--calibrate', expected: 'a picture that can be read', received: `none of ${paths.length}`, details });
  }
  for (const failure of failures) process.stderr.write(`dyadic: left out: ${failure.message}\n`);
  return pictures.map(({ image }) => toSample(image, preprocess));
}

/** Before the work and not after it. */
function checkFolderOf(path: string): void {
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new DyadicError('ERR_FILE', { op: 'quantize', argument: path, expected: 'a place to write to', received: `no folder ${dirname(path)}` });
}

/** What was there before stays until the new file is whole; a link, a device or a pipe is written to, not replaced. */
function writeOutput(path: string, file: Uint8Array): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true) return writeAtomically(path, file, 'quantize');
  try {
    writeFileSync(path, file);
  } catch (cause) {
    throw new DyadicError('ERR_FILE', { op: 'quantize', argument: path, expected: 'a place to write to', received: reasonOf(cause), cause });
  }
}

function warn({ warnings, carrierSaturations }: QuantizeReport): void {
  for (const warning of warnings) process.stderr.write(`dyadic: warning: ${warning}\n`);
  for (const { value, count } of carrierSaturations) process.stderr.write(`dyadic: warning: ${count} elements of the residual "${value}" saturate at ±32767\n`);
}

/** JSON has no Infinity: a layer without any error gets null and `exact: true`. */
function finite(report: QuantizeReport): object {
  const layers = report.layers.map((layer) => ({ ...layer, sqnrDb: Number.isFinite(layer.sqnrDb) ? layer.sqnrDb : null, exact: layer.sqnrDb === Infinity }));
  return { ...report, layers, outputDb: Number.isFinite(report.outputDb) ? report.outputDb : null };
}

function reportText(output: string, size: number, mode: string, preprocess: Parameters<typeof toSample>[1], report: QuantizeReport): string {
  const { size: [height, width], channels, fit, mean, std } = preprocess;
  const numbers = (values: readonly number[]): string => values.map((value) => String(Number(value.toPrecision(6)))).join(',');
  return [
    layerTable(report.layers),
    '',
    `pictures           ${report.calibrationSamples}, as ${width}×${height} ${channels}, fit ${fit}, mean ${numbers(mean)}, std ${numbers(std)}`,
    `agrees with float  ${percent(report.agreement)} of ${report.calibrationSamples} pictures, output at ${decibels(report.outputDb)}`,
    `${output}: ${bytes(size)}, ${mode}, weights ${bytes(report.weightBytes)}`,
  ].join('\n');
}

function layerTable(layers: readonly LayerReport[]): string {
  const columns = [
    { title: 'layer, worst first' },
    { title: 'operation' },
    { title: 'SQNR', align: 'right' as const },
    { title: 'weights' },
    { title: 'activations' },
    { title: 'requantization' },
    { title: '8 bits because' },
  ];
  const cells = layers.map((layer) => [
    layer.name,
    layer.op,
    layer.sqnrDb === null ? '' : decibels(layer.sqnrDb),
    layer.weightBits === null ? '' : `${layer.weightBits} bit`,
    `${layer.activationBits} bit`,
    layer.requantization === null ? '' : layer.shift === null ? layer.requantization : `${layer.requantization} >> ${layer.shift}`,
    layer.kept8Because ?? '',
  ]);
  return formatTable(columns, cells);
}
