/** What `dyadic train` does: one run, or the arms of a comparison one after another. */
import '../entry/train-node.js';
import { DyadicError } from '../errors.js';
import { type RawOptions, textOption, UsageError } from './arguments.js';
import { Progress } from './progress.js';
import { percent } from './quantities.js';
import { describeData, readTrainingData, type TrainingData } from './train-data.js';
import { type Deployed, deploy, deployedText, DYAD, FLOAT_ONNX, ONNX } from './train-deploy.js';
import { BEST, CHECKPOINT, LOG, type RunFile, RunFolder } from './train-folder.js';
import { checkModelName } from './train-model.js';
import { type Announcer, type ArmOutcome, reportOf, trainArm } from './train-run.js';
import { changesRates, GRADIENTS, resumedOptions, type RunOptions, runOptions, trainSettings, type TrainSettings } from './train-settings.js';

const REPORT = 'report.html';
/** The exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** What there is to do, checked as far as it can be without reading data. */
interface Plan {
  readonly folder: RunFolder;
  /** null: one run, in the folder itself. */
  readonly arms: readonly string[] | null;
  readonly options: RunOptions;
  readonly isResumed: boolean;
  readonly hasNewRates: boolean;
  readonly isJson: boolean;
}

/** How an arm ended, and what it left. */
interface Finished extends ArmOutcome {
  /** null where it was interrupted. */
  readonly deployed: Deployed | null;
}

interface Arm {
  readonly name: string;
  readonly folder: RunFolder;
  readonly settings: TrainSettings;
}

/** The command; resolves to the exit code. */
export async function trainCommand(options: RawOptions): Promise<number> {
  const plan = makePlan(options);
  const settings = trainSettings(plan.options);
  checkModelName(settings.model);
  const armSettings = plan.arms?.map((name) => ({ name, settings: settingsOf(name, plan.options) }));
  const data = readData(settings);
  if (!plan.isJson) process.stdout.write(`${settings.folder}: ${describeData(data)}\n`);
  for (const note of data.notes) process.stderr.write(`dyadic: ${note}\n`);
  if (settings.batch > data.train.count) throw new UsageError(`--batch ${settings.batch} is more than the ${data.train.count} pictures to train on`);
  const folder = openFolder(plan);
  const arms = armSettings?.map(({ name, settings: own }): Arm => ({ name, settings: own, folder: folderOf(folder, name) })) ?? [{ name: nameOf(settings), settings, folder }];
  const outcomes = await withInterrupts((signal) => trainAll(plan, arms, data, signal));
  const isDone = outcomes.length === arms.length && outcomes.every(({ reason }) => reason === 'done');
  folder.write(REPORT, reportOf(arms.map((arm) => arm.folder).filter((each) => each.has(LOG))));
  announceEnd(plan, folder, outcomes, isDone);
  return isDone ? 0 : INTERRUPTED;
}

function makePlan(options: RawOptions): Plan {
  const resume = textOption(options, 'resume');
  const output = textOption(options, 'output');
  const compare = textOption(options, 'compare');
  const given = runOptions(options);
  const isJson = options['json'] === true;
  if (resume === undefined) {
    if (output === undefined) throw new UsageError('-o DIR is missing: the folder to keep the run in');
    if (compare !== undefined && given.gradient !== undefined) throw new UsageError('--gradient and --compare exclude each other: --compare names the methods');
    return { folder: new RunFolder(output), arms: compare === undefined ? null : armNames(compare, given), options: given, isResumed: false, hasNewRates: false, isJson };
  }
  for (const [name, value] of [['-o', output], ['--compare', compare]] as const) if (value !== undefined) throw new UsageError(`${name} and --resume exclude each other: a resumed run stays what and where it is`);
  const { folder, file } = RunFolder.open(resume);
  return { folder, arms: file.compare ?? null, options: resumedOptions(file.options, given), isResumed: true, hasNewRates: changesRates(given), isJson };
}

function armNames(text: string, { bits }: RunOptions): string[] {
  const names = text.toLowerCase().split(',');
  const known = [...GRADIENTS, 'f32'];
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new UsageError(`--compare is methods separated by commas, of ${known.join(', ')}, not "${wrong}"`);
  if (new Set(names).size !== names.length) throw new UsageError(`--compare names a method twice: "${text}"`);
  if (bits === '32') throw new UsageError('--compare compares gradient intervals; --bits 32 has none (name f32 as one of the methods)');
  return names;
}

/** Only now, when everything that can be refused has been: a wrong command leaves no folder behind. */
function openFolder({ folder, arms, options, isResumed }: Plan): RunFolder {
  const file: RunFile = { version: 1, options, ...(arms === null ? {} : { compare: arms }) };
  if (!isResumed) return RunFolder.create(folder.path, file);
  folder.describe(file);
  return folder;
}

/** An arm differs from the others in its method alone. */
function settingsOf(name: string, options: RunOptions): TrainSettings {
  return trainSettings(name === 'f32' ? { ...options, bits: '32' } : { ...options, gradient: name });
}

function nameOf({ bits, gradient }: TrainSettings): string {
  return bits === null ? 'f32' : gradient;
}

function folderOf(folder: RunFolder, name: string): RunFolder {
  return new RunFolder(folder.file(name)).make();
}

function readData(settings: TrainSettings): TrainingData {
  const progress = new Progress();
  const data = readTrainingData(settings.folder, { ...settings.data, onProgress: (done, total) => progress.update('reading pictures', done, total) });
  progress.clear();
  return data;
}

async function trainAll(plan: Plan, arms: readonly Arm[], data: TrainingData, signal: AbortSignal): Promise<Finished[]> {
  const outcomes: Finished[] = [];
  const say = announcer(plan);
  const width = Math.max(...arms.map(({ name }) => name.length));
  for (const { name, folder, settings } of arms) {
    const checkpoint = plan.isResumed && folder.has(CHECKPOINT) ? folder.read(CHECKPOINT) : null;
    if (checkpoint === null && folder.has(LOG)) say.warning(`${folder.file(CHECKPOINT)} is missing: the run begins again with its first epoch`);
    const label = plan.arms === null ? '' : name.padEnd(width);
    try {
      const outcome = await trainArm({ arm: name, label, folder, settings, data, checkpoint, hasNewRates: plan.hasNewRates, signal, say });
      const deployed = outcome.reason === 'done' ? await deploy(outcome.trainer, folder, data, settings) : null;
      for (const warning of deployed?.warnings ?? []) say.warning(warning);
      outcome.trainer.dispose();
      outcomes.push({ ...outcome, deployed });
      if (outcome.reason === 'interrupted') break;
    } catch (error) {
      if (error instanceof DyadicError && folder.has(CHECKPOINT)) process.stderr.write(`dyadic: the last checkpoint is ${folder.file(CHECKPOINT)}\n`);
      throw error;
    }
  }
  return outcomes;
}

function announcer({ isJson }: Plan): Announcer {
  return {
    epoch: (text, json) => void process.stdout.write(`${isJson ? JSON.stringify(json) : text}\n`),
    warning: (text) => void process.stderr.write(`dyadic: warning: ${text}\n`),
  };
}

/** The first Ctrl-C lets the step that is under way end and saves; the second ends the program as it is. */
async function withInterrupts<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write('\ndyadic: saving; once more quits at once\n');
    controller.abort(name);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function announceEnd({ isJson, arms }: Plan, folder: RunFolder, outcomes: readonly Finished[], isDone: boolean): void {
  if (isJson) {
    const reason = isDone ? 'done' : 'interrupted';
    const results = outcomes.map(jsonOf);
    process.stdout.write(`${JSON.stringify({ output: folder.path, reason, ...(arms === null ? results[0] : { arms: results }), report: folder.file(REPORT) })}\n`);
    return;
  }
  for (const { arm, best, deployed } of outcomes) {
    const reached = best === null ? 'no epoch was finished' : `best ${percent(best.accuracy, 2)} of the test pictures, in epoch ${best.epoch + 1}`;
    process.stdout.write(`${arms === null ? '' : `${arm}: `}${[reached, ...(deployed === null ? [] : [deployedText(deployed)])].join('; ')}\n`);
  }
  const files = arms === null ? [DYAD, ONNX, ...(outcomes[0]?.deployed?.hasFloatOnnx === true ? [FLOAT_ONNX] : []), BEST, CHECKPOINT, LOG, REPORT] : [REPORT, ...arms.map((name) => `${name}/`)];
  process.stdout.write(isDone ? `${folder.path}: ${files.join(', ')}\n` : `saved; go on with dyadic train --resume ${folder.path}\n`);
}

function jsonOf({ arm, reason, epochs, steps, best, deployed }: Finished): object {
  const reached = { bestEpoch: best === null ? null : best.epoch + 1, bestAccuracy: best?.accuracy ?? null };
  const left = deployed === null ? {} : { dyadBytes: deployed.dyadBytes, onnxBytes: deployed.onnxBytes, integerAccuracy: deployed.accuracy };
  return { arm, reason, epochs, steps, ...reached, ...left };
}
